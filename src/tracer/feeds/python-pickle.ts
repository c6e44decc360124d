/** The first byte of pickles from protocol 2 on, and the protocols that there are. */
const PROTOCOL = 0x80
const FIRST_PROTOCOL = 2
const LAST_PROTOCOL = 5

/** True for the beginning of a Python pickle, which is what Tracer.py writes with `--dump`. */
export function isPickle([first, protocol = 0]: Uint8Array): boolean {
  return first === PROTOCOL && protocol >= FIRST_PROTOCOL && protocol <= LAST_PROTOCOL
}

/** The problem of such a file, and what to do. */
export const PICKLE_PROBLEM =
  'is a Python pickle, as Tracer.py --dump writes it; to read one is to run what is in it, so it is not read. ' +
  'Compile the CSV or JSON that it was made of: tracer compile FEED --key FIELD -o FEED.tracer. Where that is lost, ' +
  'let Python write JSON of it: python3 -c "import json, pickle, sys; json.dump(list(pickle.load(sys.stdin.buffer).values()), sys.stdout)"'
