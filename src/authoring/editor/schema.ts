/** JSON Schemas of rule files and of files of tests, for the YAML support of editors. */
import {
  CASE_KEYS,
  CASES_KEY,
  DETECTION_KEYS,
  INPUT_KEYS,
  KEYS_OF_A_CASE,
  type RECEIVED_KEY,
  REJECT_KEYS,
  RULE_KEYS as TEST_RULE_KEYS,
  type TestKey,
  TOP_KEYS,
} from '../test/keys.ts'
import { MATCHERS } from '../test/matchers.ts'
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

const SCALAR = { type: ['string', 'number', 'boolean', 'null'] } as const
const TEXT = { type: 'string' } as const
/** A text that YAML may read as something else. */
const WORD = { type: ['string', 'number', 'boolean'] } as const
const COUNT = { type: 'integer', minimum: 1 } as const
const PATHS = listOf(TEXT)

/** Keys of tables with a schema for each: a key without one does not compile. */
type SchemasOf<Keys extends readonly TestKey[]> = Readonly<Record<Keys[number]['name'], JsonSchema>>

/** The values that the table of a key lists. */
function valuesOf(keys: readonly TestKey[], name: string): JsonSchema {
  return { enum: keys.find((key) => key.name === name)!.values }
}

const INPUT_SCHEMAS: SchemasOf<typeof INPUT_KEYS> = {
  input_format: valuesOf(INPUT_KEYS, 'input_format'),
  pick: TEXT,
  multiline: TEXT,
  multiline_max: { type: ['string', 'integer'] },
  columns: { anyOf: [{ type: 'array', items: WORD }, TEXT] },
  delimiter: TEXT,
  encoding: TEXT,
  invalid_utf8: valuesOf(INPUT_KEYS, 'invalid_utf8'),
  max_line: COUNT,
}

const TOP_SCHEMAS: SchemasOf<typeof TEST_RULE_KEYS> = {
  rules: PATHS,
  lookups: PATHS,
  mmdb: PATHS,
  no_route: valuesOf(TEST_RULE_KEYS, 'no_route'),
  allow_unsafe_patterns: { type: 'boolean' },
  max_work: COUNT,
  max_built: COUNT,
}

const RECEIVED_SCHEMA: SchemasOf<readonly [typeof RECEIVED_KEY]> = {
  received: { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\dT' },
}

const CASE_SCHEMAS: SchemasOf<typeof CASE_KEYS> = {
  name: WORD,
  event: { type: 'object' },
  raw: TEXT,
  raw_base64: TEXT,
  expect: listOf(reference('output')),
  expect_partial: listOf(reference('output')),
  reject: listOf({ anyOf: [valuesOf(CASE_KEYS, 'reject'), reference('rejection')] }),
  drop: { anyOf: [{ type: 'boolean' }, { type: 'integer', minimum: 0 }] },
  route: WORD,
  detections: {
    anyOf: [
      valuesOf(CASE_KEYS, 'detections'),
      { type: 'object', additionalProperties: listOf(reference('detection')) },
    ],
  },
  skip: { type: ['boolean', 'string'] },
}

const MATCHER_SCHEMAS: SchemasOf<typeof MATCHERS> = {
  $any: { anyOf: [valuesOf(MATCHERS, '$any'), { enum: [true, null] }] },
  $match: TEXT,
  $absent: valuesOf(MATCHERS, '$absent'),
  $approx: {
    anyOf: [{ type: 'number' }, { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: 2 }],
  },
  $contains: reference('expected'),
  $unordered: { type: 'array', items: reference('expected') },
  $one_of: { type: 'array', items: reference('expected') },
  $not: reference('expected'),
  $literal: {},
}

const REJECT_SCHEMAS: SchemasOf<typeof REJECT_KEYS> = {
  code: { anyOf: [valuesOf(REJECT_KEYS, 'code'), reference('matcher')] },
  rule: reference('expected'),
  message: reference('expected'),
  rules: reference('expected'),
}

const DETECTION_SCHEMAS: SchemasOf<typeof DETECTION_KEYS> = {
  category: SCALAR,
  indicator: { type: 'object', additionalProperties: SCALAR },
}

/** The schema of files of tests, `x.test.yaml`: the keys and matchers that their reader knows, by the same tables. */
export function testSchema(): JsonSchema {
  return {
    $schema: DRAFT,
    title: 'Tests of a rule file',
    type: 'object',
    properties: properties(TOP_KEYS, {
      ...TOP_SCHEMAS,
      ...INPUT_SCHEMAS,
      ...RECEIVED_SCHEMA,
      [CASES_KEY.name]: { type: 'array', items: reference('case'), minItems: 1 },
    }),
    patternProperties: { '^x-': { description: 'Anything: a place for anchors.' } },
    additionalProperties: false,
    required: [CASES_KEY.name],
    definitions: {
      case: {
        type: 'object',
        properties: properties(KEYS_OF_A_CASE, {
          ...CASE_SCHEMAS,
          ...INPUT_SCHEMAS,
          ...RECEIVED_SCHEMA,
        }),
        additionalProperties: false,
        oneOf: [{ required: ['event'] }, { required: ['raw'] }, { required: ['raw_base64'] }],
        not: { required: ['expect', 'expect_partial'] },
      },
      output: {
        description: 'An output, in which matchers stand for values that are not fixed.',
        type: 'object',
        anyOf: [reference('members'), reference('matcher')],
      },
      expected: {
        description: 'A value, or a matcher.',
        anyOf: [
          SCALAR,
          { type: 'array', items: reference('expected') },
          reference('members'),
          reference('matcher'),
        ],
      },
      members: {
        type: 'object',
        propertyNames: { pattern: '^(?:[^$]|$)' },
        additionalProperties: reference('expected'),
      },
      matcher: {
        type: 'object',
        properties: properties(MATCHERS, MATCHER_SCHEMAS),
        additionalProperties: false,
        minProperties: 1,
        maxProperties: 1,
      },
      rejection: {
        type: 'object',
        properties: properties(REJECT_KEYS, REJECT_SCHEMAS),
        additionalProperties: false,
      },
      detection: {
        type: 'object',
        properties: properties(DETECTION_KEYS, DETECTION_SCHEMAS),
        additionalProperties: false,
        required: ['category'],
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
