/** Writes the outputs of a rule set as bytes, so that no object has to be built of the values of rules. */
import type { NumberText, NumberTexts, Value } from '../../expression/value.ts'
import type { ByteWriter } from '../../json/write.ts'
import { USUAL_LENGTH, writeUsual } from '../../json/write-values.ts'
import type { OutputNode } from './output-tree.ts'
import { outputTree } from './output-tree.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

const EMPTY = Uint8Array.of(OPEN_BRACE, CLOSE_BRACE)

const encoder = new TextEncoder()

/** A value as a line has it, which is copied as it stands. It holds until the next line is read. */
export class LineText {
  bytes: Uint8Array = EMPTY
  start = 0
  end = 0
}

/** The values of an output in their order. */
interface Leaves {
  /** By value: the index of the rule that gives it. */
  readonly rules: Uint32Array
  /** The number of objects that it and the value before it both lie in. */
  readonly shared: Uint32Array
  /**
   * The keys that lead to it as bytes, by the number of objects that are open already. Of `event.kind`:
   *
   *     0   ,"event":{"kind":
   *     1   ,"kind":
   */
  readonly keys: readonly (readonly Uint8Array[])[]
}

/** The parts of a run that say how values are written. */
interface ValueState {
  /** `JSON.stringify` writes the values as they should be. */
  readonly plain: boolean
  readonly numbers: NumberTexts | undefined
}

/** The output of a rule set as constant bytes, with values in between. */
export class OutputWriter {
  readonly #leaves: Leaves

  /** @param tree of paths of which none lies inside another one, and no key is a number */
  constructor(tree: OutputNode) {
    this.#leaves = leavesOf(tree)
  }

  /**
   * Writes an output, without a line end.
   *
   * @param values by rule; undefined: absent
   * @returns false where a value is unusual, or long: the writer may have got a part of the output then, and is to be set back
   */
  write(writer: ByteWriter, values: readonly unknown[], state: ValueState): boolean {
    const { rules, shared, keys } = this.#leaves
    const start = writer.length
    const limit = start + USUAL_LENGTH
    let open = 0
    // The objects of the value that was written last in which all values behind it lie, up to the one that is looked at.
    let kept = 0
    for (let index = 0; index < rules.length; index++) {
      if (shared[index]! < kept) kept = shared[index]!
      const value = values[rules[index]!]
      if (value === undefined) continue
      for (; open > kept; open--) writer.byte(CLOSE_BRACE)
      const ways = keys[index]!
      writer.literal(ways[open]!)
      if (!writeValue(writer, value as Value, state) || writer.length > limit) return false
      open = ways.length - 1
      kept = open
    }
    if (writer.length === start) {
      writer.literal(EMPTY)
      return true
    }
    for (; open > 0; open--) writer.byte(CLOSE_BRACE)
    // The comma before the first member becomes the brace.
    writer.bytes[start] = OPEN_BRACE
    writer.byte(CLOSE_BRACE)
    return true
  }
}

/** Makes a writer, given the output paths of all rules: what printed code calls. */
export function outputWriter(paths: readonly (readonly string[])[]): OutputWriter {
  return new OutputWriter(outputTree(paths))
}

/** Outputs can be written so: no rule sets a value inside another one's, and no object needs its keys' order kept by a Dict. */
export function isSimple(node: OutputNode): boolean {
  if (node.ordered || (node.rule !== undefined && node.children.length > 0)) return false
  return node.children.every(isSimple)
}

function leavesOf(tree: OutputNode): Leaves {
  const leaves: { readonly rule: number; readonly path: readonly string[] }[] = []
  const visit = ({ rule, children }: OutputNode, path: readonly string[]): void => {
    if (rule !== undefined) leaves.push({ rule, path })
    for (const child of children) visit(child, [...path, child.key])
  }
  visit(tree, [])
  return {
    rules: Uint32Array.from(leaves, ({ rule }) => rule),
    shared: Uint32Array.from(leaves, ({ path }, index) => {
      const before = leaves[index - 1]?.path ?? []
      // Both end in a value, which no other one lies in.
      const count = path.findIndex((key, depth) => depth === path.length - 1 || key !== before[depth])
      return Math.min(count, Math.max(before.length - 1, 0))
    }),
    keys: leaves.map(({ path }) =>
      path.map((_key, from) => {
        const keys = path.slice(from).map((key) => `${JSON.stringify(key)}:`)
        return encoder.encode(`,${keys.join('{')}`)
      }),
    ),
  }
}

/** @returns false for what needs another writer */
function writeValue(
  writer: ByteWriter,
  value: Value | NumberText | LineText,
  { plain, numbers }: ValueState,
): boolean {
  if (typeof value === 'string') {
    if (value.length > USUAL_LENGTH) return false
    writer.string(value)
    return true
  }
  if (value instanceof LineText) {
    writer.copy(value.bytes, value.start, value.end)
    return true
  }
  return writeUsual(writer, value as Value, plain ? undefined : numbers)
}
