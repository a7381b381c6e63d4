"""`python -m cutaway`: the command `cutaway`, where its folder is not on the PATH."""

from .app.entry import main

if __name__ == "__main__":
    main()
