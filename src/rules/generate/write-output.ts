/** Writes the outputs of a rule set as bytes, so that no object has to be built of the values of rules. */
import { integerText } from '../../expression/runtime/numbers/huge-integer.ts'
import type { NumberTexts, Value } from '../../expression/value.ts'
import { isJsonNumber, NumberText } from '../../expression/value.ts'
import { usualText } from '../../json/stringify.ts'
import type { ByteWriter } from '../../json/write.ts'
import type { OutputNode } from './output-tree.ts'
import { outputTree } from './output-tree.ts'

const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Longer outputs, and values, are left to the writer that knows the limit of an output. UTF-16 units of a value, bytes of an output. */
const USUAL_LENGTH = 1 << 20

const EMPTY = Uint8Array.of(OPEN_BRACE, CLOSE_BRACE)

const encoder = new TextEncoder()

/** A value as a line has it, which is copied as it stands. It holds until the next line is read. */
export class LineText {
  bytes: Uint8Array = EMPTY
  start = 0
  end = 0
}

/** A member of the output, with its key as bytes: `,"key":`. */
interface Member {
  readonly key: Uint8Array
  /** Index of the rule that gives its value; -1: it is an object of members. */
  readonly rule: number
  readonly members: readonly Member[]
}

/** The parts of a run that say how values are written. */
interface ValueState {
  /** `JSON.stringify` writes the values as they should be. */
  readonly plain: boolean
  readonly numbers: NumberTexts | undefined
}

/** The output of a rule set as constant bytes, with values in between. */
export class OutputWriter {
  readonly #members: readonly Member[]

  /** @param tree of paths of which none lies inside another one, and no key is a number */
  constructor(tree: OutputNode) {
    this.#members = membersOf(tree)
  }

  /**
   * Writes an output, without a line end.
   *
   * @param values by rule; undefined: absent
   * @returns false where a value is unusual, or long: the writer may have got a part of the output then, and is to be set back
   */
  write(writer: ByteWriter, values: readonly unknown[], state: ValueState): boolean {
    const start = writer.length
    if (!writeMembers(writer, this.#members, values, state, start + USUAL_LENGTH)) return false
    if (writer.length === start) writer.literal(EMPTY)
    else close(writer, start)
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

function membersOf({ children }: OutputNode): Member[] {
  return children.map((child) => ({
    key: encoder.encode(`,${JSON.stringify(child.key)}:`),
    rule: child.rule ?? -1,
    members: membersOf(child),
  }))
}

/** The comma before the first member becomes the brace. */
function close(writer: ByteWriter, start: number): void {
  writer.bytes[start] = OPEN_BRACE
  writer.byte(CLOSE_BRACE)
}

/**
 * Writes the members that are present, each behind a comma.
 *
 * @param limit the length of what was written, beyond which it gives up
 */
function writeMembers(
  writer: ByteWriter,
  members: readonly Member[],
  values: readonly unknown[],
  state: ValueState,
  limit: number,
): boolean {
  for (let index = 0; index < members.length; index++) {
    const member = members[index]!
    const { key, rule } = member
    if (rule !== -1) {
      const value = values[rule]
      if (value === undefined) continue
      writer.literal(key)
      if (!writeValue(writer, value as Value, state) || writer.length > limit) return false
      continue
    }
    const before = writer.length
    writer.literal(key)
    const start = writer.length
    if (!writeMembers(writer, member.members, values, state, limit)) return false
    if (writer.length === start) writer.length = before
    else close(writer, start)
  }
  return true
}

/** @returns false for what needs another writer */
function writeValue(writer: ByteWriter, value: Value | NumberText | LineText, state: ValueState): boolean {
  switch (typeof value) {
    case 'string':
      if (value.length > USUAL_LENGTH) return false
      writer.string(value)
      return true
    case 'number':
      if (!isJsonNumber(value)) return false
      writer.ascii(String(value))
      return true
    case 'bigint':
      return writeText(writer, integerText(value))
    case 'boolean':
      writer.ascii(value ? 'true' : 'false')
      return true
    case 'object':
      if (value === null) {
        writer.ascii('null')
        return true
      }
      if (value instanceof LineText) {
        writer.copy(value.bytes, value.start, value.end)
        return true
      }
      if (value instanceof NumberText) return writeText(writer, value.text)
      return writeText(writer, textOf(value, state))
    default:
      return false
  }
}

function writeText(writer: ByteWriter, text: string | undefined): boolean {
  if (text === undefined || text.length > USUAL_LENGTH) return false
  writer.text(text)
  return true
}

/** A list or an object as JSON; undefined where it is unusual. */
function textOf(value: Value & object, { plain, numbers }: ValueState): string | undefined {
  try {
    return plain ? JSON.stringify(value) : usualText(value, numbers)
  } catch (error) {
    // Too deep, or too long for a string: whoever writes it in another way says so.
    if (error instanceof RangeError) return undefined
    throw error
  }
}
