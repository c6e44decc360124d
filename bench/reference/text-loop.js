// The mapping of bench/rules-text.yaml by hand, of lines of text.
import { mapLines } from './line-loop.js'

mapLines(
  (line) => ({
    source: { ip: line.split(' ')[0] },
    http: { request: { method: line.split('"')[1].split(' ')[0] } },
    event: { original: line },
  }),
  (line) => line,
)
