import type { Code } from '../../expression/emit/code.ts'
import { _, list, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import type { ModulePrinter, Recipe } from '../../expression/recipe.ts'
import { FunctionTemplates } from '../generate/function-templates.ts'

/** The JavaScript of compiled rules while it is put together: statements, and what they take from src/runtime.ts. */
export class ModuleText implements ModulePrinter {
  readonly body = new CodeBlock()
  /** The constants that several programs share; they stand before everything else. */
  readonly #constants = new CodeBlock()
  readonly #used = new Set<string>()
  readonly #shared = new Map<unknown, Name>()
  /** The code that rules of the module's rule sets have in common. */
  readonly templates = new FunctionTemplates()
  #databases: Name | undefined
  #names = 0

  use(name: string): Name {
    this.#used.add(name)
    return new Name(name)
  }

  shared(recipe: Recipe): Code {
    const value = recipe.realize()
    let name = this.#shared.get(value)
    if (name === undefined) {
      const code = recipe.print(this)
      name = new Name(`shared${this.#shared.size}`)
      this.#shared.set(value, name)
      this.#constants.line(_`const ${name} = ${this.use('lazy')}(() => (${code}))`)
    }
    return _`${name}()`
  }

  once(key: object, parameters: readonly Name[], body: CodeBlock): Name {
    let name = this.#shared.get(key)
    if (name === undefined) {
      name = this.fresh('rule')
      this.#shared.set(key, name)
      this.#constants.define(_`function ${name}(${list(parameters)})`, body)
    }
    return name
  }

  databases(): Name {
    if (this.#databases === undefined) {
      this.#databases = this.fresh('databases')
      this.#constants.line(_`const ${this.#databases} = []`)
    }
    return this.#databases
  }

  /** The name of the list of databases; undefined where nothing that was printed looks addresses up. */
  get givenDatabases(): Name | undefined {
    return this.#databases
  }

  /** A name that the module has once. */
  fresh(prefix: string): Name {
    return new Name(`${prefix}$${this.#names++}`)
  }

  /** Declares a constant. @returns its name */
  constant(prefix: string, code: Code): Name {
    const name = this.fresh(prefix)
    this.body.line(_`const ${name} = ${code}`)
    return name
  }

  /** Declares a function without parameters. @returns its name */
  maker(prefix: string, body: CodeBlock): Name {
    const name = this.fresh(prefix)
    this.body.nest(_`const ${name} = () =>`, body)
    return name
  }

  /** The imports of a module. @param runtime the specifier of src/runtime.ts */
  imports(runtime: string): CodeBlock {
    const block = new CodeBlock()
    block.line(_`import { ${list(this.#importedNames())} } from ${runtime}`)
    return block
  }

  /** The same as declarations, where the runtime is the parameter `runtime` of a function. */
  parameters(): CodeBlock {
    const block = new CodeBlock()
    block.line(_`const { ${list(this.#importedNames())} } = runtime`)
    return block
  }

  /** Shared constants and statements. */
  statements(): CodeBlock {
    const block = new CodeBlock()
    block.append(this.#constants)
    block.append(this.body)
    return block
  }

  /** The names that it takes from src/runtime.ts. */
  get imported(): readonly string[] {
    return [...this.#used].sort()
  }

  #importedNames(): Name[] {
    return this.imported.map((name) => new Name(name))
  }
}
