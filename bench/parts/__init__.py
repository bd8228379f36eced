"""The parts of `make bench`: each measures one thing and adds it to what is collected.

A part starts its own worlds and leaves nothing behind. What it cannot measure,
because the operator has no such option, it leaves out by `Skipped`. No part
judges: that is `bench.bars`.
"""
