"""Which message may start now: limits as repid 2.2 has them, on workers, channels and actors."""
