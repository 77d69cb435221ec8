"""Many messages on a clock that jumps: the real worker, a day of traffic in a second, recorded."""
