/** Plans the way of lines without objects of the events, for rules of which it is known at load which members they read. */
import { Meter } from '../../expression/runtime/meter.ts'
import { PORTABLE_CODING } from '../../json/text-coding.ts'
import { WantedMembers } from '../../json/wanted.ts'
import { ByteWriter } from '../../json/write.ts'
import type { CheckedRules } from '../checked-rule.ts'
import type { EvaluationData } from '../evaluable-rules.ts'
import { readsOnlyFields } from '../fast/generate.ts'
import { generateMemberProgram } from '../generate/generate.ts'
import { ownReads } from '../rest-rule.ts'
import { RuleNotes } from '../rule-notes.ts'
import { Run } from '../run.ts'
import { LineMembers } from './line-members.ts'
import { MemberPath } from './member-path.ts'
import type { LinePathPlan } from './normalize.ts'

/** @returns undefined where the rules need the event as an object: `tap`, `split`, `rest`, `data` as a whole, `line.raw` */
export function planMemberPath(
  checked: CheckedRules,
  { noted, maxWhileSteps, limits }: EvaluationData,
): LinePathPlan | undefined {
  const { rules, taps = [], when, drop, split, cases = [] } = checked
  if (taps.length > 0 || split !== undefined) return undefined
  const nodes = [...rules, when, drop, ...cases.flat()].flatMap((each) => (each ? [each.node] : []))
  if (!nodes.every(readsOnlyFields)) return undefined
  const wanted = new WantedMembers()
  const own = new Map<string, number>()
  for (const node of nodes) for (const name of ownReads(node)) own.set(name, wanted.member([name]))
  const program = generateMemberProgram(checked, wanted)
  wanted.finish()
  return {
    create(notes = new RuleNotes(noted), coding = PORTABLE_CODING) {
      const { evaluate } = program
      const run = new Run({ usual: evaluate, exact: evaluate }, noted.names, maxWhileSteps, {
        notes: notes as RuleNotes,
        meter: new Meter(limits.maxWork, limits.maxBuilt),
        members: new LineMembers(wanted, own),
      })
      return new MemberPath(run, notes as RuleNotes, new ByteWriter(coding))
    },
  }
}
