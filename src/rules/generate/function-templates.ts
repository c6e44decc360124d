/**
 * Generated functions of which nothing but the constants differs: their code exists once, whatever the number of rule sets. V8 optimizes it
 * once, and it stays in the caches of a processor.
 *
 *     rule set 1   a?: lower(m.a1)       function (p0, p1, p2) {                       rule 0: template(3, 4, lower)
 *     rule set 2   b?: lower(h.name) -->   return function (run) {                -->  rule 7: template(8, 9, lower)
 *                                            ... p2(run, run.either(p0, p1)) ...
 *
 * Each template is called once for a rule set: of two rules that are alike in one rule set, each has a template of its own. So a function knows its
 * constants as long as there is one rule set, and V8 may put them into its machine code.
 */
import type { Code, Part } from '../../expression/emit/code.ts'
import { _, list, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import type { ConstantPool, Constants } from '../../expression/emit/constant-pool.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { ModulePrinter, Recipe } from '../../expression/recipe.ts'
import { RUNTIME } from '../../expression/runtime/runtime.ts'
import type { Program } from './program.ts'
import { createProgram, declareHelpers } from './program.ts'

/** More literals than these stand in the code of a function as they are. */
const MAX_LITERALS = 32

/** The constants of a function of a template: its code refers to parameters, and this holds what each of them is. */
export class TemplateArguments implements Constants {
  readonly parameters: Name[] = []
  /** As a program writes them. */
  readonly codes: Part[] = []
  /** The names of the functions that the code calls: code that calls others is another template. */
  readonly callees: string[] = []
  readonly #values: unknown[] = []
  readonly #pool: ConstantPool
  /** By a constant's name in the program. */
  readonly #known = new Map<string, Name>()

  /** @param pool holds the constants of the whole program */
  constructor(pool: ConstantPool) {
    this.#pool = pool
  }

  add(recipe: Recipe, comment: string): Name {
    const name = this.#pool.add(recipe, comment)
    const known = this.#known.get(name.text)
    if (known !== undefined) return known
    if (recipe.callee !== undefined) this.callees.push(recipe.callee)
    const parameter = this.#parameter(name, this.#pool.valueOf(name))
    this.#known.set(name.text, parameter)
    return parameter
  }

  literal(value: string | number): Code {
    return this.codes.length < MAX_LITERALS ? this.#parameter(value, value) : _`${value}`
  }

  /** Numbers of the compiler's. */
  numbers<T extends number | readonly number[]>(value: T): Name {
    return this.#parameter(value, value)
  }

  /** A function that the program defines itself. */
  own(name: Name): Name {
    return this.#parameter(name, new OwnFunction(name.text))
  }

  /** @param own the functions that the program defines itself, by name */
  values(own: Readonly<Record<string, unknown>>): unknown[] {
    return this.#values.map((value) => (value instanceof OwnFunction ? own[value.name] : value))
  }

  #parameter(code: Part, value: unknown): Name {
    const parameter = new Name(`p${this.parameters.length}`)
    this.parameters.push(parameter)
    this.codes.push(code)
    this.#values.push(value)
    return parameter
  }
}

/** Stands for a function of a program that is not made yet. */
class OwnFunction {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** The code of functions that differ in their constants. */
class FunctionTemplate {
  readonly parameters: readonly Name[]
  /** Returns a function. */
  readonly body: CodeBlock
  readonly helpers: readonly Name[]
  /** The function for rules that have their constants in a table. */
  readonly inTable: TableFunction
  #make: ((...values: unknown[]) => unknown) | undefined

  constructor(
    parameters: readonly Name[],
    body: CodeBlock,
    helpers: ReadonlySet<HelperName>,
    inTable: TableFunction,
  ) {
    this.parameters = parameters
    this.body = body
    this.helpers = [...helpers].sort().map((name) => new Name(name))
    this.inTable = inTable
  }

  /** A function with these constants. */
  make(values: readonly unknown[]): unknown {
    this.#make ??= this.#compile()
    return this.#make(...values)
  }

  #compile(): (...values: unknown[]) => unknown {
    const program = new CodeBlock()
    program.line(_`'use strict'`)
    declareHelpers(program, this.helpers, _`runtime`)
    program.nest(_`return function (${list(this.parameters)})`, this.body)
    return new Function('runtime', program.text())(RUNTIME)
  }
}

/**
 * One function for all rules whose code is the same but for constants, which are in the table of whoever calls it. A closure for each rule would have
 * a function, a scope and its constants in four places of the memory: of many rule sets, none of them is in the caches of a processor.
 *
 *     function (run, at) { const { table } = run; const p0 = table[at]; const p1 = table[at + 1]; ... p1(run, run.value(p0)) ... }
 */
class TableFunction {
  readonly #parameters: readonly Name[]
  readonly #body: CodeBlock
  readonly helpers: readonly Name[]
  #made: unknown

  /** @param body of the function with its constants as parameters */
  constructor(parameters: readonly Name[], body: CodeBlock, helpers: ReadonlySet<HelperName>) {
    this.#parameters = parameters
    this.#body = body
    this.helpers = [...helpers].sort().map((name) => new Name(name))
  }

  get(): unknown {
    this.#made ??= this.#compile()
    return this.#made
  }

  /** The body of the function, whose parameters are `TABLE_PARAMETERS`. */
  body(): CodeBlock {
    const body = new CodeBlock()
    if (this.#parameters.length > 0) body.line(_`const { table } = run`)
    for (const [index, parameter] of this.#parameters.entries()) {
      body.line(_`const ${parameter} = table[at + ${index}]`)
    }
    body.append(this.#body)
    return body
  }

  #compile(): unknown {
    const program = new CodeBlock()
    program.line(_`'use strict'`)
    declareHelpers(program, this.helpers, _`runtime`)
    program.nest(_`return function (${list(TABLE_PARAMETERS)})`, this.body())
    return new Function('runtime', program.text())(RUNTIME)
  }
}

const TABLE_PARAMETERS = [new Name('run'), new Name('at')]

/** The templates of rule sets that are compiled together. */
export class FunctionTemplates {
  readonly #templates = new Map<string, FunctionTemplate>()
  readonly #inTable = new Map<string, TableFunction>()
  readonly #texts = new Map<string, string>()

  /** A constant of rules. Equal texts of several rule sets become one. */
  shared(value: unknown): unknown {
    if (typeof value !== 'string') return value
    const known = this.#texts.get(value)
    if (known !== undefined) return known
    this.#texts.set(value, value)
    return value
  }

  /** Number of templates. */
  get size(): number {
    return this.#templates.size
  }

  /**
   * @param head of the function: `function (run)`
   * @param nth how many functions with this code the rule set has had before
   */
  get(
    head: Code,
    body: CodeBlock,
    { parameters, callees }: TemplateArguments,
    helpers: ReadonlySet<HelperName>,
    nth: (text: string) => number,
  ): FunctionTemplate {
    const block = new CodeBlock()
    block.define(_`return ${head}`, body)
    const text = `${callees.join(' ')}\n${parameters.length}\n${block.text()}`
    const key = `${nth(text)} ${text}`
    let template = this.#templates.get(key)
    if (template === undefined) {
      let inTable = this.#inTable.get(text)
      if (inTable === undefined) {
        inTable = new TableFunction(parameters, body, helpers)
        this.#inTable.set(text, inTable)
      }
      template = new FunctionTemplate(parameters, block, helpers, inTable)
      this.#templates.set(key, template)
    }
    return template
  }
}

/** A function that a template gives. */
export interface TemplateCall {
  readonly template: FunctionTemplate
  readonly given: TemplateArguments
}

/** Functions that a program defines itself. */
interface OwnFunctions {
  readonly block: CodeBlock
  readonly names: readonly Name[]
  readonly helpers: ReadonlySet<HelperName>
}

/** A program that gives a list of functions. */
export interface TableProgram<Table> extends Program<Table> {
  /**
   * Makes the list anew for functions that have their constants in it: by index the function, and where its constants begin, or the index itself
   * where it has none. Then come constants.
   */
  withConstants(): unknown[]
  /** The body of a function of a module that returns that list. */
  printWithConstants(module: ModulePrinter): CodeBlock
}

/**
 * Makes a program that gives a list of functions.
 *
 * @param own functions that no other program has
 * @param constants of all functions
 * @param table the functions: those of templates, and own ones
 * @param templates which these are
 */
export function createTable<Table>(
  own: OwnFunctions,
  constants: ConstantPool,
  table: readonly (TemplateCall | Name | undefined)[],
  templates: FunctionTemplates,
): TableProgram<Table> {
  let source: string | undefined
  let evaluate: Table | undefined
  /** The code behind the constants. */
  const rest = (block: CodeBlock, nameOf: (template: FunctionTemplate) => Name): CodeBlock => {
    const entries = table.map((entry) => {
      if (entry === undefined || entry instanceof Name) return entry
      return _`${nameOf(entry.template)}(${list(entry.given.codes)})`
    })
    block.append(own.block)
    block.line(_`return ${entries}`)
    return block
  }
  /** The list with constants in it, of code or of values. */
  const listed = <Item>(
    functionOf: (entry: TemplateCall | Name) => Item,
    constantsOf: (given: TemplateArguments) => readonly Item[],
  ): (Item | number | undefined)[] => {
    const heads: (Item | number | undefined)[] = []
    const constants: Item[] = []
    for (const [index, entry] of table.entries()) {
      if (entry === undefined || entry instanceof Name) {
        heads.push(entry && functionOf(entry), index)
      } else {
        heads.push(functionOf(entry), 2 * table.length + constants.length)
        constants.push(...constantsOf(entry.given))
      }
    }
    return [...heads, ...constants]
  }
  const makeOwn = (): Readonly<Record<string, unknown>> => {
    if (own.names.length === 0) return {}
    const block = new CodeBlock()
    block.append(own.block)
    block.line(_`const evaluate = { ${list(own.names)} }`)
    return createProgram<Readonly<Record<string, unknown>>>(block, constants, own.helpers).evaluate
  }
  return {
    get source() {
      source ??= sourceOf(own, constants, table, rest)
      return source
    },
    get evaluate() {
      if (evaluate === undefined) {
        const functions = makeOwn()
        evaluate = table.map((entry) => {
          if (entry === undefined) return undefined
          return entry instanceof Name
            ? functions[entry.text]
            : entry.template.make(entry.given.values(functions))
        }) as Table
      }
      return evaluate
    },
    withConstants() {
      const functions = makeOwn()
      return listed<unknown>(
        (entry) => (entry instanceof Name ? functions[entry.text] : entry.template.inTable.get()),
        (given) => given.values(functions).map((value) => templates.shared(value)),
      )
    },
    printWithConstants(module) {
      for (const name of own.helpers) module.use(name)
      const block = constants.printed(module)
      block.append(own.block)
      const entries = listed<Part>(
        (entry) => (entry instanceof Name ? entry : printedInTable(entry.template.inTable, module)),
        ({ codes }) => codes,
      )
      block.line(_`return ${entries}`)
      return block
    },
    print(module) {
      for (const name of own.helpers) module.use(name)
      return rest(constants.printed(module), (template) => printed(template, module))
    },
  }
}

function printed(template: FunctionTemplate, module: ModulePrinter): Name {
  for (const { text } of template.helpers) module.use(text)
  return module.once(template, template.parameters, template.body)
}

function printedInTable(inTable: TableFunction, module: ModulePrinter): Name {
  for (const { text } of inTable.helpers) module.use(text)
  return module.once(inTable, TABLE_PARAMETERS, inTable.body())
}

/** The program as text that stands alone. */
function sourceOf(
  own: OwnFunctions,
  constants: ConstantPool,
  table: readonly (TemplateCall | Name | undefined)[],
  rest: (block: CodeBlock, nameOf: (template: FunctionTemplate) => Name) => CodeBlock,
): string {
  const helpers = new Set<string>(own.helpers)
  const names = new Map<FunctionTemplate, Name>()
  const templates = new CodeBlock()
  for (const entry of table) {
    if (entry === undefined || entry instanceof Name || names.has(entry.template)) continue
    const { template } = entry
    const name = new Name(`rule${names.size}`)
    names.set(template, name)
    for (const { text } of template.helpers) helpers.add(text)
    templates.define(_`function ${name}(${list(template.parameters)})`, template.body)
  }
  const block = new CodeBlock()
  block.line(_`'use strict'`)
  declareHelpers(
    block,
    [...helpers].sort().map((name) => new Name(name)),
    _`runtime`,
  )
  block.append(constants.declarations())
  block.append(templates)
  return rest(block, (template) => names.get(template)!).text()
}
