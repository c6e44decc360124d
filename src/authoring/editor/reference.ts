/** The reference of everything that rules can call, as data: for tools, hovers and completions. */
import { describeSignature } from '../../expression/check/signature.ts'
import type { Example, FunctionDefinition } from '../../expression/functions/definition.ts'
import { FUNCTIONS } from '../../expression/functions/index.ts'
import { BUILTIN_REFERENCE, METHOD_REFERENCE, type ReferenceEntry } from '../../expression/reference.ts'
import { mayBeAbsent, resultType } from '../../expression/returns.ts'
import { BUILTINS } from '../../expression/runtime/builtins.ts'
import type { Callable } from '../../expression/runtime/method.ts'
import { METHODS_BY_TYPE } from '../../expression/runtime/methods.ts'

/** A name and its text. */
interface Described {
  readonly name: string
  readonly text: string
}

/** The page of one function, built-in function or method. */
export interface Reference {
  /** `lookup`, `len`, `split`. */
  readonly name: string
  /** `function`: of this language; `builtin` and `method`: of Python. */
  readonly kind: 'function' | 'builtin' | 'method'
  /** Of a method: the type of its object, `str`. */
  readonly type?: string
  /** As it is called, optional parameters in brackets: `lookup(table, key[, default])`. */
  readonly signature: string
  /** Of a function: the shelf of the reference that it stands on. */
  readonly group?: string
  /** The type of the result, where it is always the same; `any` where it depends on the arguments. */
  readonly returns: string
  /** The result may be absent: the field is then left out, or the event rejected. */
  readonly mayBeAbsent: boolean
  readonly summary: string
  readonly parameters: readonly Described[]
  /** Of a function: the result, and the cases in which it is absent. */
  readonly result?: string
  /** When an event is rejected, by code. */
  readonly errors: readonly { readonly code: string; readonly text: string }[]
  /** Paragraphs of Markdown. */
  readonly notes?: string
  /** Of a method: it changes its object, and only `tap` may call it. */
  readonly mutates?: true
  readonly examples: readonly ReferenceExample[]
}

/** A rule's expression, an event, and what comes out. */
export interface ReferenceExample {
  readonly expression: string
  /** The event that it reads. Default: none is needed. */
  readonly event?: unknown
  /** The lookup tables that it needs, as they stand under `lookup`. */
  readonly tables?: unknown
  /** The value of the field; missing where it is left out, or the event rejected. */
  readonly result?: unknown
  /** The code with which the event is rejected. */
  readonly rejected?: string
  /** The texts that it adds to `event.anomaly` of the output, by kind. */
  readonly anomalies?: unknown
}

/** All pages: functions in the order of their reference, built-in functions, methods by type. */
export function allReferences(): readonly Reference[] {
  references ??= [
    ...Array.from(FUNCTIONS.values(), functionReference),
    ...Array.from(BUILTIN_REFERENCE, ([name, entry]) => callableReference(name, BUILTINS[name]!, entry)),
    ...Array.from(METHOD_REFERENCE, ([type, methods]) =>
      Array.from(methods, ([name, entry]) =>
        callableReference(name, METHODS_BY_TYPE.get(type)![name]!, entry, type),
      ),
    ).flat(),
  ]
  return references
}

/** The same for every caller: it follows from the definitions alone. */
let references: readonly Reference[] | undefined

/** The page of the function or built-in function of a name; undefined where there is none. */
export function callableNamed(name: string): Reference | undefined {
  return allReferences().find((reference) => reference.kind !== 'method' && reference.name === name)
}

/** The pages of the methods of a name, one for each type that has it. */
export function methodsNamed(name: string): readonly Reference[] {
  return allReferences().filter((reference) => reference.kind === 'method' && reference.name === name)
}

function functionReference(definition: FunctionDefinition): Reference {
  const { name, signature, group, returns, summary, parameters, result, errors, notes, examples } = definition
  return {
    name,
    kind: 'function',
    signature: `${name}(${describeSignature(signature)})`,
    group,
    returns: resultType(returns),
    mayBeAbsent: mayBeAbsent(returns),
    summary,
    parameters: Object.entries(parameters).map(([parameter, text]) => ({ name: parameter, text })),
    result,
    errors: Object.entries(errors).map(([code, text]) => ({ code, text })),
    ...(notes !== undefined && { notes }),
    examples: examples.map(exampleOf),
  }
}

function exampleOf({ expression, event, tables, result, rejected, anomalies }: Example): ReferenceExample {
  return {
    expression,
    ...(event !== undefined && { event }),
    ...(tables !== undefined && { tables }),
    ...(result !== undefined && { result }),
    ...(rejected !== undefined && { rejected }),
    ...(anomalies !== undefined && { anomalies }),
  }
}

function callableReference(
  name: string,
  { signature, returns, mutates }: Callable,
  { summary, example, result }: ReferenceEntry,
  type?: string,
): Reference {
  return {
    name,
    kind: type === undefined ? 'builtin' : 'method',
    ...(type !== undefined && { type }),
    signature: `${name}(${describeSignature(signature.text)})`,
    returns: resultType(returns),
    mayBeAbsent: mayBeAbsent(returns),
    summary,
    parameters: [],
    errors: [],
    ...(mutates && { mutates }),
    examples: [{ expression: example, result }],
  }
}

/** A page as Markdown, for the hovers and completions of editors. */
export function referenceMarkdown(reference: Reference): string {
  const { signature, summary, parameters, result, errors, notes, mutates, examples } = reference
  return [
    `\`\`\`python\n${signature}\n\`\`\``,
    summary,
    parameters.map(({ name, text }) => `- \`${name}\`: ${text}`).join('\n'),
    result === undefined ? '' : `Result: ${result}`,
    errors.length === 0
      ? ''
      : `Rejects the event:\n${errors.map(({ code, text }) => `- \`${code}\`: ${text}`).join('\n')}`,
    mutates === true ? 'It changes its object: only `tap` may call it.' : '',
    notes ?? '',
    `\`\`\`python\n${examples.map(exampleText).join('\n')}\n\`\`\``,
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

/** An example in lines: the expression, and as comments what it needs and what it gives. */
export function exampleText(example: ReferenceExample): string {
  const { expression, event, tables, rejected, anomalies } = example
  const outcome =
    rejected !== undefined ? `rejected: ${rejected}` : 'result' in example ? json(example.result) : 'left out'
  return [
    expression,
    ...(event === undefined ? [] : [`  # event: ${json(event)}`]),
    ...(tables === undefined ? [] : [`  # lookup: ${json(tables)}`]),
    `  # ${outcome}`,
    ...(anomalies === undefined ? [] : [`  # event.anomaly: ${json(anomalies)}`]),
  ].join('\n')
}

/** JSON with blanks between members; integers of any size with their digits. */
export function json(value: unknown): string {
  const text = JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? String(member) : member))
  return text ?? 'null'
}
