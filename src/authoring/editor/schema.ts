/** JSON Schemas of rule files and of files of tests, for the YAML support of editors. */
import { REJECTION_CODES } from '../../errors.ts'
import { keyMarkdown } from './complete.ts'
import { ENRICH_KEYS, FILE_KEYS, type KeyText, ON_ERROR_VALUES, RULE_KEYS } from './keys.ts'
import { allReferences } from './reference.ts'

/** A JSON Schema, as far as it is written here. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
}

const DRAFT = 'http://json-schema.org/draft-07/schema#'

/** The schema of rule files: their keys, and the functions that expressions can call, with signature and summary. */
export function ruleSchema(): JsonSchema {
  return {
    $schema: DRAFT,
    title: 'Rule file',
    description: 'Output fields and their expressions, and the keys of the rule set.',
    type: 'object',
    properties: properties(FILE_KEYS, {
      meta: { type: 'object' },
      when: reference('condition'),
      include: listOf({ type: 'string', pattern: '\\.[Yy][Aa]?[Mm][Ll]$' }),
      defaults: {
        type: 'object',
        properties: settings(),
        additionalProperties: false,
      },
      drop: reference('condition'),
      split: reference('expression'),
      cases: { type: 'array', items: reference('case') },
      rest: { type: 'string', pattern: '^[\\w@-]+(?:\\.[\\w@-]+)*$' },
      patterns: {
        type: 'object',
        propertyNames: { pattern: '^[A-Za-z_]\\w*$' },
        additionalProperties: { type: 'string' },
      },
      tap: { type: 'string', description: 'Statements. They call functions as expressions do.' },
      lookup: {
        type: 'object',
        properties: { windows_sids: { type: 'array' } },
        additionalProperties: { type: ['object', 'null'] },
      },
      enrich: {
        type: 'object',
        properties: properties(ENRICH_KEYS, {
          url: listOf({ type: 'string' }),
          ip: listOf({ type: 'string' }),
          hash: listOf({ type: 'string' }),
          into: { type: 'string' },
        }),
        additionalProperties: false,
      },
    }),
    additionalProperties: reference('rule'),
    definitions: {
      expression: {
        description: `An expression. It can call:\n\n${functionList()}`,
        type: ['string', 'number', 'boolean'],
        examples: functionSignatures(),
      },
      condition: {
        description: 'An expression that is true or false.',
        type: ['string', 'boolean'],
      },
      rule: {
        anyOf: [
          reference('expression'),
          {
            type: 'object',
            properties: { field: { ...reference('expression') }, ...settings() },
            required: ['field'],
            additionalProperties: false,
          },
        ],
      },
      case: {
        type: 'object',
        properties: { when: reference('condition') },
        additionalProperties: reference('rule'),
      },
    },
  }
}

/** The schema of files of tests, `x.test.yaml`. */
export function testSchema(): JsonSchema {
  return {
    $schema: DRAFT,
    title: 'Tests of a rule file',
    type: 'object',
    properties: {
      rules: { type: 'string', description: "The rule file. Default: this file's name without `.test`." },
      lookups: {
        ...listOf({ type: 'string' }),
        description: 'Files of lookup tables. Default: as `normalize` finds them.',
      },
      cases: {
        type: 'array',
        items: reference('case'),
        description: 'The events, and what becomes of them.',
      },
    },
    required: ['cases'],
    definitions: {
      case: {
        type: 'object',
        properties: {
          name: { type: 'string', description: 'What the case shows, in a few words.' },
          event: { type: 'object', description: 'The event as it was parsed.' },
          raw: { type: 'string', description: 'The event as it comes in: the line.' },
          expect: { type: ['object', 'array'], description: 'The whole output.' },
          expect_partial: {
            type: ['object', 'array'],
            description:
              'Members of the output; there may be more. `{$match: PATTERN}`, `{$any: TYPE}` and `{$absent: true}` stand for values.',
          },
          reject: {
            description: 'The event is rejected.',
            type: ['object', 'boolean'],
            properties: {
              code: { enum: Object.keys(REJECTION_CODES), description: 'The code of the rejection.' },
              rule: { type: 'string', description: 'The output field whose rule rejects it.' },
              message: { type: 'string' },
            },
          },
          drop: { type: 'boolean', description: 'The event is dropped.' },
          detections: {
            type: 'object',
            description: 'The answers of the tracer, by indicator.',
            additionalProperties: { type: 'array' },
          },
        },
        allOf: [{ anyOf: [{ required: ['event'] }, { required: ['raw'] }] }],
      },
    },
  }
}

function reference(name: string): JsonSchema {
  return { $ref: `#/definitions/${name}` }
}

/** A list, or one of its elements alone. */
function listOf(items: JsonSchema): JsonSchema {
  return { anyOf: [{ type: 'array', items }, items] }
}

function settings(): JsonSchema {
  const scalar = { type: ['string', 'number', 'boolean', 'null'] }
  const { field: _, ...rest } = properties(RULE_KEYS, {
    field: {},
    required: { type: 'boolean' },
    ignore: listOf(scalar),
    on_error: { enum: ON_ERROR_VALUES },
  }) as Record<string, JsonSchema>
  return rest
}

/** Properties with the text of their key. A reference cannot have anything beside it. */
function properties(keys: readonly KeyText[], schemas: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return Object.fromEntries(
    keys.map((key) => {
      const schema = schemas[key.name]!
      const texts = { description: key.summary, markdownDescription: keyMarkdown(key) }
      return [key.name, '$ref' in schema ? { ...texts, allOf: [schema] } : { ...texts, ...schema }]
    }),
  )
}

function functionList(): string {
  return allReferences()
    .filter(({ kind }) => kind !== 'method')
    .map(({ signature, summary }) => `- ${signature}: ${summary}`)
    .join('\n')
}

function functionSignatures(): string[] {
  return allReferences()
    .filter(({ kind }) => kind === 'function')
    .map(({ signature }) => signature)
}
