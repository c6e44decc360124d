"""How the recordings of numbers and operators write CPython's values as JSON; number-values.ts reads them.

An integral float up to 2**53 is written as the int that it is to Sluice, and -0.0 as 0.
"""

import json
import math
import sys

assert sys.version_info[:2] == (3, 11)
sys.set_int_max_str_digits(0)

NAMES = {"dict_keys": "keys", "dict_values": "values", "dict_items": "items"}


def encode(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= 2**53 else {"$": "int", "v": str(value)}
    if isinstance(value, float):
        if math.isnan(value):
            return {"$": "nan"}
        if math.isinf(value):
            return {"$": "inf" if value > 0 else "-inf"}
        return int(value) if value.is_integer() and abs(value) <= 2**53 else value
    if isinstance(value, complex):
        return {"$": "error", "v": "ValueError"}
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return {"$": "tuple", "v": [encode(item) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {"$": "set", "v": sorted((encode(item) for item in value), key=lambda item: json.dumps(item))}
    if isinstance(value, dict):
        return {"$": "dict", "v": [[encode(key), encode(item)] for key, item in value.items()]}
    if isinstance(value, range):
        return {"$": "range", "v": [value.start, value.stop, value.step]}
    return {"$": NAMES[type(value).__name__], "v": encode(dict(value.mapping))}


def outcome(action):
    """What an action gives: its value, or the error; the message counts for a TypeError only."""
    try:
        return encode(action())
    except Exception as error:
        name = type(error).__name__
        return {"$": "error", "v": name, "message": str(error)} if name == "TypeError" else {"$": "error", "v": name}


def write(path, sections):
    """One line for each case: recordings are read in diffs too."""
    with open(path, "w", encoding="ascii") as file:
        texts = []
        for name, cases in sections.items():
            lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
            texts.append(f"{json.dumps(name)}: [\n{lines}\n]")
        file.write("{\n" + ",\n".join(texts) + "\n}\n")
