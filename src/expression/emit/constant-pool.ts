import type { ModulePrinter, Recipe } from '../recipe.ts'
import type { Code } from './code.ts'
import { _, Name } from './code.ts'
import { CodeBlock } from './code-block.ts'

/** Characters of a comment behind a constant. */
const MAX_COMMENT = 60

/** The constants of a function that is written: how its code refers to them. */
export interface Constants {
  /**
   * @param comment any text, for readers of the code
   * @returns the name under which the code knows the constant
   */
  add(recipe: Recipe, comment: string): Name
  /** Code for a text or a number of a rule. */
  literal(value: string | number): Code
}

/** Constants that generated code refers to by name: functions, paths, tuples. */
export class ConstantPool implements Constants {
  readonly values: unknown[] = []
  readonly #recipes: Recipe[] = []
  readonly #comments: string[] = []
  readonly #byValue = new Map<unknown, Name>()

  add(recipe: Recipe, comment: string): Name {
    const value = recipe.realize()
    const known = this.#byValue.get(value)
    if (known !== undefined) return known
    const name = constantName(this.values.length)
    this.values.push(value)
    this.#recipes.push(recipe)
    this.#comments.push(comment.slice(0, MAX_COMMENT))
    this.#byValue.set(value, name)
    return name
  }

  /** It stands in the code as it is. */
  literal(value: string | number): Code {
    return _`${value}`
  }

  /** The constant that the code knows under a name. */
  valueOf({ text }: Name): unknown {
    return this.values[Number(text.slice(1))]
  }

  /** Declarations for code that is given the values as `k`. */
  declarations(): CodeBlock {
    const block = new CodeBlock()
    for (const [index, comment] of this.#comments.entries()) {
      block.line(_`const ${constantName(index)} = k[${index}]`, comment)
    }
    return block
  }

  /** Declarations for a function of a module, which makes its constants by itself. */
  printed(module: ModulePrinter): CodeBlock {
    const block = new CodeBlock()
    for (const [index, recipe] of this.#recipes.entries()) {
      const code = recipe.isShared === true ? module.shared(recipe) : recipe.print(module)
      block.line(_`const ${constantName(index)} = ${code}`, this.#comments[index]!)
    }
    return block
  }
}

function constantName(index: number): Name {
  return new Name(`k${index}`)
}
