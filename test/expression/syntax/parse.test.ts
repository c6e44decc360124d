import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type {
  Expression,
  FormattedValue,
  Slice,
  Statement,
  Target,
} from '../../../src/expression/syntax/ast.ts'
import { parseExpression } from '../../../src/expression/syntax/parse.ts'
import { parseStatements } from '../../../src/expression/syntax/parse-statements.ts'
import { Tuple } from '../../../src/expression/value.ts'

type Tree = null | string | Tree[]

const recorded: { expressions: [string, Tree][]; broken: [string, Tree][]; statements: [string, Tree][] } =
  JSON.parse(readFileSync(new URL('../../cpython/syntax.json', import.meta.url), 'utf8'))

/** The tree as the recording script writes CPython's. */
function tree(node: Expression | Slice | Target | Statement | undefined): Tree {
  if (node === undefined) return null
  switch (node.kind) {
    case 'constant':
      return constant(node.value)
    case 'name':
      return ['name', node.name]
    case 'attribute':
      return ['attribute', tree(node.object), node.name]
    case 'subscript':
      return ['subscript', tree(node.object), tree(node.index)]
    case 'slice':
      return ['slice', tree(node.lower), tree(node.upper), tree(node.step)]
    case 'call':
      return ['call', tree(node.callee), node.args.map(({ name, value }) => [name ?? null, tree(value)])]
    case 'unary':
      return ['unary', node.operator, tree(node.operand)]
    case 'binary':
      return ['binary', node.operator, tree(node.left), tree(node.right)]
    case 'logical':
      return ['logical', node.operator, tree(node.left), tree(node.right)]
    case 'comparison':
      return [
        'comparison',
        tree(node.first),
        node.rest.map(({ operator, operand }) => [operator, tree(operand)]),
      ]
    case 'conditional':
      return ['conditional', tree(node.test), tree(node.then), tree(node.otherwise)]
    case 'list':
    case 'tuple':
    case 'set':
      return [
        node.kind,
        node.elements.map(({ value, spread }) => (spread ? ['spread', tree(value)] : tree(value))),
      ]
    case 'dict':
      return ['dict', node.entries.map(({ key, value }) => [tree(key), tree(value)])]
    case 'comprehension':
      return [
        'comprehension',
        node.result,
        tree(node.key),
        tree(node.element),
        node.clauses.map((clause) => [
          tree(clause.target),
          tree(clause.iterable),
          clause.conditions.map(tree),
        ]),
      ]
    case 'formatted':
      return ['formatted', parts(node.parts)]
    case 'cast':
      return ['cast', tree(node.operand), node.type]
    case 'targets':
      return [
        'tuple',
        node.targets.map(({ target, starred }) => (starred ? ['spread', tree(target)] : tree(target))),
      ]
    case 'assign':
      return ['assign', node.targets.map(tree), tree(node.value)]
    case 'augment':
      return ['augment', tree(node.target), node.operator, tree(node.value)]
    case 'if':
      return ['if', tree(node.test), node.then.map(tree), node.otherwise.map(tree)]
    case 'for':
      return ['for', tree(node.target), tree(node.iterable), node.body.map(tree), node.otherwise.map(tree)]
    case 'while':
      return ['while', tree(node.test), node.body.map(tree), node.otherwise.map(tree)]
    case 'delete':
      return ['delete', node.targets.map(tree)]
    case 'expression':
      return ['expression', tree(node.value)]
    default:
      return [node.kind]
  }
}

function constant(value: unknown): Tree {
  if (value instanceof Tuple) return ['tuple', value.items.map(constant)]
  if (typeof value === 'string') return ['string', value]
  if (typeof value === 'number' || typeof value === 'bigint')
    return ['number', Object.is(value, -0) ? '-0' : String(value)]
  return ['constant', value === null ? 'None' : value ? 'True' : 'False']
}

function parts(list: readonly (string | FormattedValue)[]): Tree {
  return list.map((part) =>
    typeof part === 'string'
      ? part
      : [tree(part.value), part.conversion ?? null, part.spec === undefined ? null : parts(part.spec)],
  )
}

/** CPython writes 1e-05 where JavaScript writes 0.00001. */
function sameNumbers(value: Tree): Tree {
  if (!Array.isArray(value)) return value
  const [kind, text] = value
  if (kind === 'number' && typeof text === 'string' && /[.e]/.test(text)) return [kind, String(Number(text))]
  return value.map(sameNumbers)
}

/** Assignment targets in brackets are lists to CPython. */
function sameTargets(value: Tree): Tree {
  if (!Array.isArray(value)) return value
  if (value[0] === 'assign') return ['assign', (value[1] as Tree[]).map(listAsTuple), sameTargets(value[2]!)]
  return value.map(sameTargets)
}

function listAsTuple(value: Tree): Tree {
  return Array.isArray(value) && value[0] === 'list' ? ['tuple', ...value.slice(1)] : value
}

for (const [text, expected] of [...recorded.expressions, ...recorded.broken]) {
  test(`CPython reads ${JSON.stringify(text)} in the same way`, () => {
    const { expression, faults } = parseExpression(text)
    if (expected === null) {
      assert.notDeepEqual(faults, [], 'a fault is reported')
    } else {
      assert.deepEqual(faults, [])
      assert.deepEqual(tree(expression), sameNumbers(expected))
    }
  })
}

for (const [text, expected] of recorded.statements) {
  test(`CPython reads the statements ${JSON.stringify(text)} in the same way`, () => {
    const { statements, faults } = parseStatements(text)
    if (expected === null) {
      assert.notDeepEqual(faults, [], 'a fault is reported')
    } else {
      assert.deepEqual(faults, [])
      assert.deepEqual(statements!.map(tree), sameTargets(expected))
    }
  })
}

test('a cast binds like an attribute', () => {
  const cases: [string, Tree][] = [
    ['a::int', ['cast', ['name', 'a'], 'int']],
    ['a + b::int', ['binary', '+', ['name', 'a'], ['cast', ['name', 'b'], 'int']]],
    ['-x::int', ['unary', '-', ['cast', ['name', 'x'], 'int']]],
    ['-5::str', ['unary', '-', ['cast', ['number', '5'], 'str']]],
    ['(a + b)::str', ['cast', ['binary', '+', ['name', 'a'], ['name', 'b']], 'str']],
    ['x::str::int', ['cast', ['cast', ['name', 'x'], 'str'], 'int']],
    [
      'a.b::float ** 2',
      ['binary', '**', ['cast', ['attribute', ['name', 'a'], 'b'], 'float'], ['number', '2']],
    ],
    ['x[a::int]', ['subscript', ['name', 'x'], ['cast', ['name', 'a'], 'int']]],
    ['x[a::b]', ['subscript', ['name', 'x'], ['slice', ['name', 'a'], null, ['name', 'b']]]],
    ['x[::2]', ['subscript', ['name', 'x'], ['slice', null, null, ['number', '2']]]],
    ['x[(a)::str]', ['subscript', ['name', 'x'], ['cast', ['name', 'a'], 'str']]],
    ["f'{x::int}'", ['formatted', [[['name', 'x'], null, [':int']]]]],
    ["f'{(x::int)}'", ['formatted', [[['cast', ['name', 'x'], 'int'], null, null]]]],
    [
      '{a::int: b::str}',
      [
        'dict',
        [
          [
            ['cast', ['name', 'a'], 'int'],
            ['cast', ['name', 'b'], 'str'],
          ],
        ],
      ],
    ],
    ['x::int.y', ['attribute', ['cast', ['name', 'x'], 'int'], 'y']],
  ]
  for (const [text, expected] of cases) {
    const { expression, faults } = parseExpression(text)
    assert.deepEqual(faults, [], text)
    assert.deepEqual(tree(expression), expected, text)
  }
})

test('what is refused is named, and reading goes on', () => {
  const cases: [string, RegExp[]][] = [
    ['lambda x: x + 1', [/'lambda' is not supported/]],
    ['f(*a, **b)', [/'\*' arguments/, /'\*\*' arguments/]],
    ['(x := 1)', [/':=' is not supported/]],
    ['b\'x\' + b"y"', [/bytes/, /bytes/]],
    ['await x', [/'await'/]],
    ['a @ b', [/'@'/]],
    ['1j', [/complex/]],
    ["'\\N{DASH}'", [/\\N/]],
    ['x::integer', [/unknown type 'integer'/]],
    ['a._b + c.__d', [/'_'.*_b/, /'_'.*__d/]],
    ['[x async for x in y]', [/'async'/]],
    ['...', [/'\.\.\.'/]],
    ['(lambda: 1, lambda: 2)', [/'lambda'/, /'lambda'/]],
  ]
  for (const [text, expected] of cases) {
    const { faults } = parseExpression(text)
    assert.equal(faults.length, expected.length, `${text}: ${JSON.stringify(faults)}`)
    for (const [index, pattern] of expected.entries()) assert.match(faults[index]!.message, pattern)
  }
  for (const word of [
    'import os',
    'from a import b',
    'def f(): pass',
    'class A: pass',
    'try:\n  pass',
    'with a: pass',
  ]) {
    const { faults } = parseStatements(word)
    assert.match(faults[0]!.message, /is not supported in tap/)
  }
  for (const word of [
    'global x',
    'raise x',
    'assert x',
    'return',
    'return 1',
    'nonlocal y',
    'async def f(): pass',
  ]) {
    const { faults } = parseStatements(word)
    assert.match(faults[0]!.message, /is not supported in tap/)
  }
})

test('a statement that cannot be read does not hide the faults of the next ones', () => {
  const cases: [string, string[]][] = [
    ['import a\nfrom b import c\nx = 1', ['import', 'from']],
    ['def f():\n  return 1\nraise x', ['def', 'raise']],
    ['try:\n  x = 1\nexcept: pass\nelse:\n  y = (\n  1)\nfinally:\n  z = 2\nglobal q', ['try', 'global']],
    ['if x\n  y = 1\nelif z: pass\nreturn', ['\n', 'return']],
    ['if x:\n  import a\nelse:\n  import b', ['import', 'import']],
    ['if x:\nimport a', ['import', 'import']],
    ['x = 1\n    import a\ny = 2\nreturn', ['    ', 'return']],
    ['for x in y:\n  if x: def\n  else: pass\n  break\nbreak', ['def', 'break']],
    ['else: x\nelif y: z\nimport a', ['else', 'import']],
    ['if x: import a; import b\n1 = 2', ['import', '1']],
  ]
  for (const [text, expected] of cases) {
    const { faults } = parseStatements(text)
    assert.deepEqual(
      faults.map(({ start, end }) => text.slice(start, end)),
      expected,
      text,
    )
  }
})

test('every cut-off of a tap is read to its end', () => {
  const text =
    'if a:\n  for b in c:\n    d = (1,\n     2)\n  else:\n    pass\nelif e: f[1:2] = 3; del g\nwhile h:\n  i += 1\n'
  for (let end = 0; end <= text.length; end++) {
    const { faults } = parseStatements(text.slice(0, end))
    assert.ok(faults.length <= 2, text.slice(0, end))
  }
})

test('a fault points at what is wrong', () => {
  const cases: [string, number, number][] = [
    ['a + $b', 4, 5],
    ['(a', 0, 1],
    ['lowr(x) +', 9, 10],
    ['a = b', 2, 3],
    ["'abc", 0, 1],
    ['a ..b', 3, 4],
  ]
  for (const [text, start, end] of cases) {
    const { faults } = parseExpression(text)
    assert.deepEqual(
      faults.map((fault) => [fault.start, fault.end]),
      [[start, end]],
      text,
    )
  }
})

test('an endless expression is a fault, not a crash', () => {
  for (const operator of [' + ', ' and ', ' or ', ' * ']) {
    const { faults } = parseExpression(Array.from({ length: 3000 }, () => 'x').join(operator))
    assert.match(faults[0]!.message, /too long/)
    assert.deepEqual(parseExpression(Array.from({ length: 900 }, () => 'x').join(operator)).faults, [])
  }
  assert.deepEqual(parseStatements('x = a + b\n'.repeat(2000)).faults, [])
})

test('deep nesting is a fault, not a crash', () => {
  for (const text of [
    '('.repeat(5000) + ')'.repeat(5000),
    '['.repeat(5000),
    `${'not '.repeat(5000)}x`,
    `${'-'.repeat(5000)}x`,
    'f('.repeat(5000),
    `${'a if b else '.repeat(5000)}c`,
    `${'2 ** '.repeat(5000)}2`,
  ]) {
    const { faults } = parseExpression(text)
    assert.notDeepEqual(faults, [])
  }
})
