import type { Code } from './code.ts'
import { commentText } from './code.ts'

/** `head { body } else { otherwise }` */
interface NestedBlock {
  readonly head: Code
  readonly body: CodeBlock
  readonly otherwise: CodeBlock | undefined
}

interface Line {
  readonly code: Code
  readonly comment: string | undefined
  /** It is not counted among the lines. */
  readonly isRemark?: true
}

/** Statements that are written out already. */
interface Written {
  readonly text: string
  readonly lineCount: number
}

type Statement = Line | NestedBlock | Written

/** Statements in their order, each a line or a block of statements: a tree until it is written out. */
export class CodeBlock {
  readonly #statements: Statement[] = []
  #lineCount = 0

  /** Lines that the statements take, heads and ends of blocks included. */
  get lineCount(): number {
    return this.#lineCount
  }

  /** @param comment any text, written behind `//` */
  line(code: Code, comment?: string): void {
    this.#add({ code, comment })
  }

  /** A line that `lineCount` leaves out: an observed program counts the same work as the usual one. */
  remark(code: Code): void {
    this.#add({ code, comment: undefined, isRemark: true })
  }

  /** @param otherwise the block behind `else`. Default: none */
  nest(head: Code, body: CodeBlock, otherwise?: CodeBlock): void {
    this.#add({ head, body, otherwise })
  }

  /** Defines a function at the top of a program. It is written out at once, which frees the tree of its statements. */
  define(head: Code, body: CodeBlock): void {
    const statement = { head, body, otherwise: undefined }
    this.#add({ text: flat([statement]), lineCount: lineCountOf(statement) })
  }

  #add(statement: Statement): void {
    this.#statements.push(statement)
    this.#lineCount += lineCountOf(statement)
  }

  /** Takes over the statements of another block. */
  append(other: CodeBlock): void {
    for (const statement of other.#statements) this.#statements.push(statement)
    this.#lineCount += other.#lineCount
  }

  /**
   * The statements in several blocks, for a function each. A statement is never cut.
   *
   * @param least lines of a block; the last one may have fewer
   */
  pieces(least: number): CodeBlock[] {
    const pieces: CodeBlock[] = []
    let piece = new CodeBlock()
    for (const statement of this.#statements) {
      piece.#add(statement)
      if (piece.lineCount < least) continue
      pieces.push(piece)
      piece = new CodeBlock()
    }
    if (piece.lineCount > 0) pieces.push(piece)
    return pieces
  }

  /** The statements as text, each line with its line feed. */
  text(): string {
    return flat(this.#statements)
  }

  /** Adds the text of the statements to `texts`. */
  write(texts: string[], indent: string): void {
    for (const statement of this.#statements) write(statement, texts, indent)
  }
}

function lineCountOf(statement: Statement): number {
  if ('text' in statement) return statement.lineCount
  if (!('head' in statement)) return statement.isRemark === true ? 0 : 1
  const { body, otherwise } = statement
  return 2 + body.lineCount + (otherwise === undefined ? 0 : 1 + otherwise.lineCount)
}

/** One text with no parts: `+` would leave V8 with a tree of all the texts in it, for as long as a program lives. */
function flat(statements: readonly Statement[]): string {
  const texts: string[] = []
  for (const statement of statements) write(statement, texts, '')
  return texts.join('')
}

function write(statement: Statement, texts: string[], indent: string): void {
  if ('text' in statement) {
    texts.push(statement.text)
  } else if ('head' in statement) {
    const { head, body, otherwise } = statement
    const inner = `${indent}  `
    texts.push(indent, head.text, ' {\n')
    body.write(texts, inner)
    if (otherwise !== undefined) {
      texts.push(indent, '} else {\n')
      otherwise.write(texts, inner)
    }
    texts.push(indent, '}\n')
  } else {
    const { code, comment } = statement
    if (comment === undefined) texts.push(indent, code.text, '\n')
    else texts.push(indent, code.text, ' // ', commentText(comment), '\n')
  }
}
