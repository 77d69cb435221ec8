"""Importing a module in a fresh process, without the start of Python itself."""

import sys
import time

wall, cpu = time.perf_counter(), time.process_time()
__import__(sys.argv[1])
took = f'{{"wall": {(time.perf_counter() - wall) * 1e6}, "cpu": {(time.process_time() - cpu) * 1e6}}}'
print(f'{{"total": {took}}}')
