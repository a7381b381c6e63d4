"""The store of runs: a folder of trace files with an index that can be made again from them."""
