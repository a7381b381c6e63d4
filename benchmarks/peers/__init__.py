"""What each peer does when it is asked: run by its own Python, with nothing of Cutaway's."""
