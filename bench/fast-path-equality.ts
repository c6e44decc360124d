/**
 * Question: does the fast path give, byte for byte, what the plain way gives?
 *
 * Not a timing: the property test of test/rules/fast, run for as long as one likes. It makes rule files and lines at
 * random, valid and damaged, and compares both ways wherever the fast path gives an answer of its own. The plain way that reads members
 * in lines is held to the one with whole objects by the same rules and lines.
 *
 *     node --import tsx bench/fast-path-equality.ts [SECONDS] [SEED]
 *
 * Reading: "0 differences" is the only good answer. A counterexample is printed with its seed.
 */
import fc from 'fast-check'
import { compareMembers, compareWays } from '../test/rules/fast/equality.ts'
import { decidedLine, decidedRules, eventLine, ruleFile } from '../test/rules/fast/generated.ts'

const seconds = Number(process.argv[2] ?? 60)
let seed = Number(process.argv[3] ?? Date.now() % 1_000_000)
const end = performance.now() + seconds * 1000
let lines = 0
let taken = 0
let read = 0
while (performance.now() < end) {
  for (const [file, line] of [
    [ruleFile, eventLine],
    [decidedRules, decidedLine],
  ] as const) {
    fc.assert(
      fc.property(file, fc.array(line, { minLength: 1, maxLength: 12 }), (rules, events) => {
        lines += events.length
        taken += compareWays(rules, events)
        read += compareMembers(rules, events)
      }),
      { numRuns: 500, seed: seed++ },
    )
  }
}
console.log(
  `${lines} lines, ${taken} of them taken by the fast path, ${read} by the way that reads members, 0 differences`,
)
