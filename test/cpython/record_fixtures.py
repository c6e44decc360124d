"""
Writes expected.jsonl and errors.jsonl of the fixtures: the mappings of their rule files, written by hand in Python.

    python3 -B test/cpython/record_fixtures.py [CASE...]
"""

import sys

from fixtures import firewall, messy, source_examples, tap, tour, web_proxy, windows_security, zeek_dns

CASES = {
    'web-proxy': web_proxy,
    'firewall': firewall,
    'windows-security': windows_security,
    'zeek-dns': zeek_dns,
    'messy': messy,
    'tap': tap,
    'source-examples': source_examples,
    'tour': tour,
}

for name in sys.argv[1:] or CASES:
    CASES[name].record()
