/**
 * The conditions of all routes as one function. Conditions that compare a field with a constant are looked up by the field's value; the others
 * are tried in their order. The route that takes an event is the first one, as if all were tried one after the other.
 */
import type { Node } from '../../expression/check/checked.ts'
import { emitSoftCondition } from '../../expression/emit/absence.ts'
import { _, type Code, Name } from '../../expression/emit/code.ts'
import { CodeBlock } from '../../expression/emit/code-block.ts'
import { ConstantPool } from '../../expression/emit/constant-pool.ts'
import { stringChoices } from '../../expression/emit/constants.ts'
import { createWriter } from '../../expression/emit/emit.ts'
import { emitPath, hoistFields } from '../../expression/emit/fields.ts'
import type { HelperName } from '../../expression/emit/helpers.ts'
import type { EmitOptions, FunctionWriter } from '../../expression/emit/writer.ts'
import type { Recipe } from '../../expression/recipe.ts'
import type { FieldPath } from '../../expression/runtime/fields.ts'
import type { CheckedExpression } from '../checked-rule.ts'
import { fieldsOf } from '../generate/generate.ts'
import type { Program } from '../generate/program.ts'
import { createProgram } from '../generate/program.ts'
import { NO_ROUTE } from './no-route.ts'

/** A field that is compared with constants, and what has to hold beside that. */
interface Key {
  readonly path: FieldPath
  readonly values: readonly (string | number)[]
}

interface Indexed {
  readonly path: FieldPath
  readonly ignore: CheckedExpression['ignore']
  /** By value the routes that it may lead to, the first one first. */
  readonly routes: Map<string | number, number[]>
}

/** The parts of a route's condition: all of them have to hold. */
type RouteConditions = readonly CheckedExpression[]

/** Conditions in one function. */
const GROUP_SIZE = 40

/**
 * @param routes the conditions of each route; none: it takes everything
 * @param options the kind of event. With `fields` the code is the body of a function of the fast path
 * @returns a program whose function sets `run.route`
 */
export function generateRoutes<Evaluate>(
  routes: readonly RouteConditions[],
  options: EmitOptions,
): Program<Evaluate> {
  return new RouteGenerator(routes, options).generate() as Program<Evaluate>
}

class RouteGenerator {
  readonly #routes: readonly RouteConditions[]
  readonly #options: EmitOptions
  readonly #constants = new ConstantPool()
  readonly #helpers = new Set<HelperName>()
  readonly #functions = new CodeBlock()
  readonly #parameters

  constructor(routes: readonly RouteConditions[], options: EmitOptions) {
    this.#routes = routes
    this.#options = options
    this.#parameters = options.fields === undefined ? _`run, data, raw` : _`run`
  }

  generate(): Program<unknown> {
    const indexes = new Map<string, Indexed>()
    const tried: number[] = []
    /** By route: its other conditions, where it is looked up. */
    const residual = new Map<number, RouteConditions>()
    for (const [route, conditions] of this.#routes.entries()) {
      const parts = conditions.flatMap(conjuncts)
      const at = parts.findIndex(({ node }) => keyOf(node) !== undefined)
      if (at === -1) {
        tried.push(route)
        continue
      }
      const { node, ignore } = parts[at]!
      const { path, values } = keyOf(node)!
      const text = `${path.text} ${ignore.map((value) => `${typeof value} ${value}`).join('\n')}`
      let index = indexes.get(text)
      if (index === undefined) {
        index = { path, ignore, routes: new Map() }
        indexes.set(text, index)
      }
      for (const value of new Set(values)) {
        if (ignore.includes(value)) continue
        const list = index.routes.get(value)
        if (list === undefined) index.routes.set(value, [route])
        else list.push(route)
      }
      residual.set(
        route,
        parts.filter((_part, other) => other !== at),
      )
    }
    const writer = createWriter(this.#constants, this.#helpers, this.#options)
    const best = new Name('best')
    writer.line(_`let ${best} = ${this.#routes.length}`)
    if (indexes.size > 0) this.#lookUp(writer, best, [...indexes.values()], residual)
    for (let from = 0; from < tried.length; from += GROUP_SIZE) {
      const group = tried.slice(from, from + GROUP_SIZE)
      const name = this.#trying(group)
      writer.line(_`if (${best} > ${group[0]!}) ${best} = ${name}(${this.#parameters}, ${best})`)
    }
    writer.line(_`run.route = ${best} === ${this.#routes.length} ? ${NO_ROUTE} : ${best}`)
    // As of a rule that has no value.
    writer.line(this.#options.fields === undefined ? _`return undefined` : _`return run.put(undefined)`)
    this.#functions.define(_`function evaluate(${this.#parameters})`, writer.body())
    return createProgram(this.#functions, this.#constants, this.#helpers)
  }

  #lookUp(
    writer: FunctionWriter,
    best: Name,
    indexes: readonly Indexed[],
    residual: ReadonlyMap<number, RouteConditions>,
  ): void {
    const table = new Map<number, Name>()
    for (const [route, parts] of residual) {
      if (parts.length > 0) table.set(route, this.#condition(route, parts))
    }
    const checks = new Name('checks')
    const entries = this.#routes.map((_route, route) => table.get(route))
    if (table.size > 0) this.#functions.line(_`const ${checks} = ${entries}`)
    for (const [number, { path, ignore, routes }] of indexes.entries()) {
      writer.ignored = ignore
      hoistFields(writer, [path])
      const lists = this.#constants.add(routesRecipe(routes), `routes by ${path.text}`)
      const list = new Name(`list${number}`)
      const check = (route: Code): Code =>
        table.size === 0
          ? _``
          : _` && (${checks}[${route}] === undefined || ${checks}[${route}](${this.#parameters}))`
      writer.line(_`const ${list} = ${lists}.get(${emitPath(writer, path)})`)
      writer.block(_`if (typeof ${list} === 'number')`, () => {
        writer.line(_`if (${list} < ${best}${check(_`${list}`)}) ${best} = ${list}`)
      })
      writer.block(_`else if (${list} !== undefined)`, () => {
        writer.block(_`for (const route of ${list})`, () => {
          writer.line(_`if (route >= ${best}) break`)
          writer.block(_`if (true${check(_`route`)})`, () => {
            writer.line(_`${best} = route`)
            writer.line(_`break`)
          })
        })
      })
      writer.ignored = []
    }
  }

  /** A function that tells if all parts of a condition hold. */
  #condition(route: number, parts: RouteConditions): Name {
    const writer = createWriter(this.#constants, this.#helpers, this.#options)
    writer.lenient = true
    for (const { node, ignore } of parts) {
      writer.ignored = ignore
      const holds = emitSoftCondition(writer, node)
      writer.line(_`if (!${holds}) return false`)
    }
    writer.line(_`return true`)
    const name = new Name(`route${route}`)
    this.#functions.define(_`function ${name}(${this.#parameters})`, writer.body())
    return name
  }

  /**
   * Options of the fast path with which a field is read once for all conditions, whatever values each of them ignores: to read one makes a
   * text of bytes. All fields are read at the beginning of the function.
   */
  #readingOnce(writer: () => FunctionWriter): EmitOptions {
    const { fields } = this.#options
    if (fields === undefined) return this.#options
    const known = new Map<string, Code>()
    const field = (path: FieldPath): Code => {
      let name = known.get(path.text)
      if (name === undefined) {
        name = writer().fresh('v')
        writer().line(_`const ${name} = ${fields.field(path)}`)
        known.set(path.text, name)
      }
      return name
    }
    return { ...this.#options, fields: { ...fields, field } }
  }

  /** A function that tries routes in their order, up to the best one so far. The fields that they read are read once. */
  #trying(group: readonly number[]): Name {
    const writer = createWriter(
      this.#constants,
      this.#helpers,
      this.#readingOnce(() => writer),
    )
    writer.lenient = true
    for (const route of group) {
      for (const { node, ignore } of this.#routes[route]!) {
        writer.ignored = ignore
        hoistFields(writer, fieldsOf([node]))
      }
    }
    for (const route of group) {
      writer.line(_`if (best <= ${route}) return best`)
      const label = writer.fresh('next')
      writer.block(_`${label}:`, () => {
        for (const { node, ignore } of this.#routes[route]!) {
          writer.ignored = ignore
          const holds = emitSoftCondition(writer, node)
          writer.line(_`if (!${holds}) break ${label}`)
        }
        writer.line(_`return ${route}`)
      })
    }
    writer.line(_`return best`)
    const name = new Name(`try${group[0]!}`)
    this.#functions.define(_`function ${name}(${this.#parameters}, best)`, writer.body())
    return name
  }
}

/** The operands of `and`. */
function conjuncts({ node, ignore }: CheckedExpression): CheckedExpression[] {
  if (node.op !== 'logical' || node.operator !== 'and') return [{ node, ignore }]
  return [...conjuncts({ node: node.left, ignore }), ...conjuncts({ node: node.right, ignore })]
}

/** The field and the constants of `field == 'x'`, `field in ('x', 'y')`, and of `or` between such for one field. */
function keyOf(node: Node): Key | undefined {
  if (node.op === 'logical' && node.operator === 'or') {
    const left = keyOf(node.left)
    const right = left && keyOf(node.right)
    if (left === undefined || right === undefined || left.path.text !== right.path.text) return undefined
    return { path: left.path, values: [...left.values, ...right.values] }
  }
  if (node.op !== 'comparison' || node.rest.length !== 1) return undefined
  const { operator, operand } = node.rest[0]!
  if (operator === 'in' && node.first.op === 'field') {
    const values = stringChoices(operand)
    return values && { path: node.first.path, values }
  }
  if (operator !== '==') return undefined
  const [field, constant] = node.first.op === 'field' ? [node.first, operand] : [operand, node.first]
  if (field.op !== 'field' || constant.op !== 'constant') return undefined
  const { value } = constant
  // 0 and 1 equal False and True.
  const isKey =
    typeof value === 'string' ||
    (typeof value === 'number' && Number.isSafeInteger(value) && value !== 0 && value !== 1)
  return isKey ? { path: field.path, values: [value] } : undefined
}

/** Most values belong to one route: it is there without a list, which would be two objects more that are not in the caches. */
function routesRecipe(
  routes: Map<string | number, number[]>,
): Recipe<ReadonlyMap<unknown, number | readonly number[]>> {
  const found = Array.from(routes, ([value, list]) => [value, list.length === 1 ? list[0]! : list] as const)
  const map = new Map<unknown, number | readonly number[]>(found)
  return { realize: () => map, print: () => _`new Map(${found})` }
}
