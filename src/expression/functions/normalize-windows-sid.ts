import { SidEntryProblem, SidTable } from '../net/sid-table.ts'
import { notText } from '../net/text-argument.ts'
import type { Value } from '../value.ts'
import type { FunctionDefinition, PrepareHost } from './definition.ts'
import { ArgumentProblem } from './definition.ts'
import { describeTables } from './known-tables.ts'

const TABLE_NAME = 'windows_sids'
const UNDEFINED_TYPE = 'undefined_account_type'

/** The table of the source's example. */
const EXAMPLE_TABLES = {
  windows_sids: [
    {
      sid: 'S-1-5-7',
      match_type: 'equal',
      category: 'builtin_system_account',
      subcategory: 'builtin_anonymous_account',
      desc: 'ANONYMOUS LOGON',
    },
    {
      sid: 'S-1-5-111-',
      match_type: 'start',
      category: 'builtin_system_account',
      subcategory: 'builtin_virtual_sshd_account',
      desc: 'TBD',
    },
    {
      sid: 'S-1-5-21-',
      match_type: 'start_end',
      ends: [
        { end: '-501', category: 'standard_account', subcategory: 'builtin_guest_account', desc: 'TBD' },
        { not_end: '$', category: 'standard_account', subcategory: 'standard_account', desc: 'TBD' },
      ],
    },
  ],
}

export const normalizeWindowsSid: FunctionDefinition = {
  name: 'normalize_windows_sid',
  signature: 's',
  group: 'normal forms',
  returns: 'object',
  pure: true,
  summary: 'Tells what kind of account or group a Windows security identifier (SID) stands for.',
  parameters: { s: 'the SID, as text (`S-1-5-18`)' },
  result:
    '`{category, subcategory, desc}` of the first entry of the table `windows_sids` that matches; all three are `undefined_account_type` when none does.',
  errors: { TYPE_ERROR: '`s` is not a string' },
  notes: [
    'The table is a list. An entry has a `sid`, a `match_type` and, unless that is `start_end`, the three texts of the',
    'result. `equal` matches that SID, `start` every SID that begins so. `start_end` matches SIDs that begin so and one',
    'of its `ends`: an `end` that the SID ends with, or a `not_end` that it does not end with (no SID ends with `"$"`,',
    'so `not_end: "$"` catches all). An entry none of whose `ends` match is passed over.',
    '',
    'Without the table, or with a malformed entry in it, rules that call the function do not load. A table of the',
    'well-known SIDs is in `fixtures/lookups.yaml`.',
  ].join('\n'),
  examples: [
    {
      expression: 'normalize_windows_sid(SubjectUserSid)',
      event: { SubjectUserSid: 'S-1-5-7' },
      tables: EXAMPLE_TABLES,
      result: {
        category: 'builtin_system_account',
        subcategory: 'builtin_anonymous_account',
        desc: 'ANONYMOUS LOGON',
      },
    },
    {
      expression: 'normalize_windows_sid(TargetUserSid)',
      event: { TargetUserSid: 'S-1-5-21-1004336348-1177238915-682003330-501' },
      tables: EXAMPLE_TABLES,
      result: { category: 'standard_account', subcategory: 'builtin_guest_account', desc: 'TBD' },
    },
    {
      expression: 'normalize_windows_sid(TargetUserSid)',
      event: { TargetUserSid: 'S-1-5-21-1004336348-1177238915-682003330-1501' },
      tables: EXAMPLE_TABLES,
      result: { category: 'standard_account', subcategory: 'standard_account', desc: 'TBD' },
    },
    {
      expression: 'normalize_windows_sid(TargetUserSid)',
      event: { TargetUserSid: 'S-1-0-0' },
      tables: EXAMPLE_TABLES,
      result: { category: UNDEFINED_TYPE, subcategory: UNDEFINED_TYPE, desc: UNDEFINED_TYPE },
    },
    {
      expression: 'normalize_windows_sid(TargetUserSid)',
      event: { TargetUserSid: null },
      tables: EXAMPLE_TABLES,
      rejected: 'TYPE_ERROR',
    },
  ],
  implementation: {
    kind: 'prepared',
    constants: {},
    prepare(_constants, host) {
      const table = readTable(host)
      return (_context, s: Value) => {
        if (typeof s !== 'string') throw notText('normalize_windows_sid', 's', s)
        const details = table.find(s)
        return details === undefined
          ? { category: UNDEFINED_TYPE, subcategory: UNDEFINED_TYPE, desc: UNDEFINED_TYPE }
          : { category: details.category, subcategory: details.subcategory, desc: details.desc }
      }
    },
  },
}

function readTable(host: PrepareHost): SidTable {
  const table = host.table(TABLE_NAME)
  if (table === undefined) {
    throw new ArgumentProblem(
      's',
      `normalize_windows_sid needs the lookup table ${TABLE_NAME}, which is missing`,
      {
        hint: `pass its file with --lookups (fixtures/lookups.yaml has one), or write lookup: ${TABLE_NAME}: in the rule file\n${describeTables(host.tables)}`,
      },
    )
  }
  if (table.kind === 'mapping') {
    if (table.entries.size === 0) return new SidTable([])
    throw new ArgumentProblem('s', `the lookup table ${TABLE_NAME} has to be a list, and is a mapping`)
  }
  try {
    return new SidTable(table.items)
  } catch (error) {
    if (!(error instanceof SidEntryProblem)) throw error
    throw new ArgumentProblem('s', `lookup table ${TABLE_NAME}, entry ${error.where}: ${error.message}`)
  }
}
