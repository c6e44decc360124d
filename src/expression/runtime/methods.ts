import type { Binding } from '../check/signature.ts'
import { bindArguments } from '../check/signature.ts'
import type { Failure } from '../failure.ts'
import { typeError } from '../failure.ts'
import type { Maybe, Value } from '../value.ts'
import { Dict, DictView, Tuple, ValueSet } from '../value.ts'
import {
  DICT_METHODS,
  LIST_METHODS,
  SET_METHODS,
  TUPLE_METHODS,
  VIEW_METHODS,
} from './containers/container-methods.ts'
import { noAttribute } from './containers/containers.ts'
import { isDict, putEntry } from './containers/keys.ts'
import type { Meter } from './meter.ts'
import type { Callable, CallableTable } from './method.ts'
import { FLOAT_METHODS, INT_METHODS } from './numbers/number-methods.ts'
import { isWhole } from './numbers/numbers.ts'
import { STRING_METHODS } from './text/string-methods.ts'

/** The keywords of a call: one entry per argument, undefined where it is positional. */
type Names = readonly (string | undefined)[]

/** A method, and what calls of it need to know. */
interface Method {
  readonly name: string
  readonly callable: Callable
  /** So many arguments have to be given, and so many may be given by position. */
  readonly least: number
  readonly most: number
  /** It takes `*rest` or `**names`: arguments cannot be handed on as they are. */
  readonly gathers: boolean
  /** Which argument goes where, by the array of keywords: compiled code has one such array for each place of a call. */
  readonly bindings: WeakMap<Names, Binding | string>
}

/** The methods of one type by name. A Map: `constructor` is the name of no method. */
type MethodMap = ReadonlyMap<string, Method>

/** The methods of each type, by the type's name as the reference has it. */
export const METHODS_BY_TYPE: ReadonlyMap<string, CallableTable> = new Map([
  ['str', STRING_METHODS],
  ['list', LIST_METHODS],
  ['tuple', TUPLE_METHODS],
  ['dict', DICT_METHODS],
  ['dict view', VIEW_METHODS],
  ['set', SET_METHODS],
  ['int', INT_METHODS],
  ['float', FLOAT_METHODS],
])

const STRING = methodMap(STRING_METHODS)
const LIST = methodMap(LIST_METHODS)
const TUPLE = methodMap(TUPLE_METHODS)
const DICT = methodMap(DICT_METHODS)
const SET = methodMap(SET_METHODS)
const VIEW = methodMap(VIEW_METHODS)
const FLOAT = methodMap(FLOAT_METHODS)
/** An integral number is the int and the float of that value: it has the methods of both. */
const WHOLE = new Map([...FLOAT, ...methodMap(INT_METHODS)])
const INT = methodMap(INT_METHODS)
const NONE: MethodMap = new Map()

const ALL = [STRING, LIST, TUPLE, DICT, SET, VIEW, FLOAT, INT]

/** Names of the methods of all types. */
export const METHOD_NAMES: ReadonlySet<string> = new Set(ALL.flatMap((methods) => [...methods.keys()]))

/** Names of the methods that change their receiver, if only for one type: allowed in `tap` only. */
export const MUTATING_METHODS: ReadonlySet<string> = new Set(
  ALL.flatMap((methods) => [...methods].filter(([, { callable }]) => callable.mutates).map(([name]) => name)),
)

function methodMap(table: CallableTable): MethodMap {
  return new Map(Object.entries(table).map(([name, callable]) => [name, describe(name, callable)]))
}

function describe(name: string, callable: Callable): Method {
  const { parameters, variadic, keywords } = callable.signature
  return {
    name,
    callable,
    least: parameters.filter((parameter) => !parameter.optional).length,
    most: parameters.filter((parameter) => parameter.byPosition).length,
    gathers: variadic !== undefined || keywords !== undefined,
    bindings: new WeakMap(),
  }
}

/** Units of work for a call. */
const CALL = 100

/**
 * `receiver.name(...args)`.
 *
 * @param names for each argument its keyword, undefined when it is positional; undefined when none has one. What
 *   follows from it is kept with the array, so it should be the same one for all calls from one place
 * @returns what the method returns; absence where it finds nothing
 * @throws {Failure} TYPE_ERROR when the type has no such method or the arguments do not fit, and what the method throws
 */
export function callMethod(
  meter: Meter,
  receiver: Value,
  name: string,
  args: readonly Value[],
  names: Names | undefined,
): Maybe {
  meter.touch(CALL)
  const method = methodsOf(receiver).get(name)
  if (method === undefined) throw noAttribute(receiver, name)
  if (names !== undefined) return callByName(meter, method, receiver, args, names)
  if (args.length < method.least || method.gathers || args.length > method.most) {
    return callGathering(meter, method, receiver, args)
  }
  const { call } = method.callable
  switch (args.length) {
    case 0:
      return call(meter, receiver)
    case 1:
      return call(meter, receiver, args[0])
    case 2:
      return call(meter, receiver, args[0], args[1])
    default:
      return call(meter, receiver, ...args)
  }
}

function methodsOf(receiver: Value): MethodMap {
  switch (typeof receiver) {
    case 'string':
      return STRING
    case 'number':
      return isWhole(receiver) ? WHOLE : FLOAT
    case 'boolean':
    case 'bigint':
      return INT
  }
  if (receiver === null) return NONE
  if (Array.isArray(receiver)) return LIST
  if (isDict(receiver)) return DICT
  if (receiver instanceof Tuple) return TUPLE
  if (receiver instanceof ValueSet) return SET
  return receiver instanceof DictView && receiver.kind !== 'values' ? VIEW : NONE
}

/** All arguments are positional, but there are too few, too many, or some for `*rest`. */
function callGathering(meter: Meter, method: Method, receiver: Value, args: readonly Value[]): Maybe {
  const { signature, call } = method.callable
  const fits = args.length >= method.least && (args.length <= method.most || signature.variadic !== undefined)
  if (!fits)
    throw misfit(
      method,
      bindArguments(
        signature,
        args.map(() => undefined),
      ) as string,
    )
  const bound: any[] = [receiver]
  // Parameters that are given by name only come last: nothing is given for them.
  for (let slot = 0; slot < signature.parameters.length; slot++) {
    bound.push(slot < method.most ? args[slot] : undefined)
  }
  for (let index = method.most; index < args.length; index++) bound.push(args[index])
  if (signature.keywords !== undefined) bound.push(new Dict())
  return call(meter, ...bound)
}

function callByName(
  meter: Meter,
  method: Method,
  receiver: Value,
  args: readonly Value[],
  names: Names,
): Maybe {
  const { signature, call } = method.callable
  let binding = method.bindings.get(names)
  if (binding === undefined) {
    binding = bindArguments(signature, names)
    method.bindings.set(names, binding)
  }
  if (typeof binding === 'string') throw misfit(method, binding)
  const bound: any[] = [receiver]
  for (const slot of binding.slots) bound.push(slot === -1 ? undefined : args[slot])
  for (const index of binding.rest) bound.push(args[index])
  if (signature.keywords !== undefined) {
    const named = new Dict()
    for (const [key, index] of binding.named) putEntry(meter, named, key, args[index]!)
    bound.push(named)
  }
  return call(meter, ...bound)
}

function misfit(method: Method, problem: string): Failure {
  return typeError(`${method.name}() ${problem}`)
}
