"""What the methods of int and float give: python3 test/cpython/record_number_methods.py writes number-methods.json.

    methods     [receiver, method, outcome]
"""

import random
import struct
from pathlib import Path

from number_values import encode, outcome, write

random.seed(1985)
ints = [0, 1, -1, 2, 255, 256, -255, -256, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**32, 2**52 + 1, 2**53 - 1, 2**53, -(2**53), 2**53 + 1, -(2**64), 2**64 - 1, 10**30, 3**500, True, False]
ints += [random.choice((1, -1)) * random.getrandbits(random.randint(1, 120)) for _ in range(60)]
floats = [0.5, -0.5, 0.1, 2.5, -3.75, 1e-5, 1e16, -1e17, 1e300, 1.7976931348623157e308, 5e-324, -5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1e-310, 9007199254740994.0, 4503599627370496.5]
floats += [float("nan"), float("inf"), float("-inf"), 1 / 3, 0.30000000000000004]
floats += [value for value in (struct.unpack("<d", random.randbytes(8))[0] for _ in range(60)) if value == value]
methods = []
for n in ints:
    for method in ("bit_length", "bit_count", "conjugate", "as_integer_ratio"):
        methods.append([encode(n), method, outcome(getattr(n, method))])
for n in floats:
    for method in ("is_integer", "hex", "conjugate", "as_integer_ratio"):
        methods.append([encode(n), method, outcome(getattr(n, method))])
# An int up to 2**53 is also the float of that value.
for n in (0.0, 1.0, -1.0, 200.0, 3.0, 2.0**53, -1048576.0):
    for method in ("is_integer", "hex"):
        methods.append([encode(n), method, outcome(getattr(n, method))])

write(Path(__file__).with_name("number-methods.json"), {"methods": methods})
