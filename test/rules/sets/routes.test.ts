/** Many rule sets as one. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FUNCTION_LIBRARY } from '../../../src/expression/functions/index.ts'
import { RuleError } from '../../../src/rules/compile.ts'
import type { NoRoute, RouteDefinition } from '../../../src/rules/definition.ts'
import type { Ending, Runner } from '../../../src/rules/run.ts'
import { compileRouted, loadRouted } from '../../../src/rules/sets/compile-routes.ts'
import type { RoutedRules } from '../../../src/rules/sets/routed-rules.ts'
import { isRoutesText, loadRoutes } from '../../../src/rules/sets/routes-file.ts'
import { compileSets } from './compile-sets.ts'

type Files = Readonly<Record<string, string>>

function compile(routes: readonly RouteDefinition[], files: Files, noRoute: NoRoute = 'reject'): RoutedRules {
  const texts = Object.entries(files).map(([file, text]) => ({ file, text }))
  return compileRouted(FUNCTION_LIBRARY, loadRouted({ label: 'rules', routes, noRoute, texts, options: {} }))
}

/** Rule files in their order. */
function sets(files: Files, noRoute?: NoRoute): RoutedRules {
  return compileSets(files, noRoute)
}

function fate(runner: Runner, event: object): unknown {
  const output = runner.run(event as never, JSON.stringify(event))
  if (output !== undefined) return output
  const endings: Record<Ending, unknown> = {
    dropped: 'dropped',
    split: 'split',
    rejected: runner.rejection,
  }
  return endings[runner.ending]
}

function reportOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof RuleError) return error.message
    throw error
  }
  return ''
}

describe('routes', () => {
  it('give an event to the first rule set that takes it, whatever is looked up and what is tried', () => {
    const conditions = [
      "a == 'x' and b == 1",
      "'q' in c",
      "a in ('x', 'y')",
      'b > 5',
      "a == 'y' or a == 'z'",
      "o.p == 7 and a != 'w'",
      "'w' == a",
      'true',
    ]
    const rules = sets(
      Object.fromEntries(
        conditions.map((when, index) => [`r${index}`, `when: ${JSON.stringify(when)}\nn: ${index}`]),
      ),
    )
    const runner = rules.createRunner()
    const values = {
      a: [undefined, 'w', 'x', 'y', 'z', 5],
      b: [undefined, 1, 6, 'u'],
      c: [undefined, 'q', 3],
    }
    let count = 0
    for (const a of values.a) {
      for (const b of values.b) {
        for (const c of values.c) {
          for (const p of [7, true]) {
            const event = JSON.parse(JSON.stringify({ a, b, c, o: { p } }))
            // The same as asked one by one.
            const expected =
              a === 'x' && b === 1
                ? 0
                : c === 'q'
                  ? 1
                  : a === 'x' || a === 'y'
                    ? 2
                    : typeof b === 'number' && b > 5
                      ? 3
                      : a === 'z'
                        ? 4
                        : p === 7 && a !== undefined && a !== 'w'
                          ? 5
                          : a === 'w'
                            ? 6
                            : 7
            assert.deepEqual(fate(runner, event), { n: expected }, JSON.stringify(event))
            count++
          }
        }
      }
    }
    assert.equal(count, 144)
  })

  it('find the same for events that are read exactly', () => {
    const runner = sets({ a: "when: v in ('x', 'y') and n == 3\na: n", b: 'b: n' }).createRunner()
    assert.deepEqual(runner.runExact({ v: 'y', n: 3 }, '', new Map()), { a: 3 })
    assert.deepEqual(runner.runExact({ v: 'y', n: 4n }, '', new Map()), { b: 4n })
  })

  it('work with many rule sets', () => {
    const files: Record<string, string> = {}
    for (let index = 0; index < 200; index++) files[`s${index}`] = `when: v == 's${index}'\nn: ${index}`
    for (let index = 0; index < 100; index++) files[`t${index}`] = `when: "'t${index}.' in m"\nt: ${index}`
    const runner = sets(files).createRunner()
    for (const index of [0, 7, 199])
      assert.deepEqual(fate(runner, { v: `s${index}`, m: 't1.' }), { n: index })
    for (const index of [0, 41, 99]) assert.deepEqual(fate(runner, { m: `t${index}.` }), { t: index })
  })

  it('do with an event that none takes as they are told', () => {
    const files = { a: 'when: x == 1\na: x' }
    const noRoute = { code: 'NO_ROUTE', message: 'no rule set takes the event' }
    assert.deepEqual(fate(sets(files).createRunner(), { y: 1 }), noRoute)
    assert.deepEqual(fate(sets(files, 'drop').createRunner(), { y: 1 }), 'dropped')
    assert.deepEqual(fate(sets(files, 'pass').createRunner(), { y: 1 }), { y: 1 })
  })

  it('ask the conditions of routes files before those of the rule set, and drop', () => {
    const files = {
      'routes.yaml':
        "routes:\n  - {when: p == 'cron', drop: true}\n  - {when: exists(f), rules: a}\n  - rules: b",
      a: "when: k == 'a'\na: 1",
      b: 'b: 1',
    }
    const way = (line: number) => [{ file: 'routes.yaml', line }]
    const rules = compile(
      [
        { conditions: way(0), lookups: [] },
        { conditions: way(1), file: 'a', name: 'a', lookups: [] },
        { conditions: way(2), file: 'b', name: 'b', lookups: [] },
      ],
      files,
    )
    const runner = rules.createRunner()
    assert.deepEqual(
      [{ p: 'cron', f: 1, k: 'a' }, { f: 1, k: 'a' }, { f: 1 }, { k: 'a' }].map((event) =>
        fate(runner, event),
      ),
      ['dropped', { a: 1 }, { b: 1 }, { b: 1 }],
    )
    assert.deepEqual(rules.reads, ['f', 'k', 'p'])
  })

  it('tell the rule set of a rejected event, and count the events of each', () => {
    const rules = sets({ one: 'when: a == 1\nx: y', two: 'drop: d\nsplit: l\nz?: z' })
    const notes = rules.createNotes()
    const runner = rules.createRunner(notes)
    assert.deepEqual(fate(runner, { a: 1 }), {
      code: 'FIELD_MISSING',
      message: 'x: field y is absent',
      rule: 'x',
      rules: 'one',
    })
    assert.deepEqual(fate(runner, { l: [{}, { d: 1 }, 5] }), 'split')
    const split = runner.split!
    const endings = split.elements.map((_, index) => {
      const output = split.runner.runElement(split, index, () => '')
      return output === undefined ? split.runner.ending : output
    })
    assert.deepEqual(endings, [{}, 'dropped', 'rejected'])
    assert.equal(split.runner.rejection.rules, 'two')
    const { sets: counts, dropped } = notes.take()
    assert.equal(dropped, 1)
    assert.deepEqual(
      Array.from(counts!, ([name, { events, dropped: ofSet, leftOut }]) => [
        name,
        events,
        ofSet,
        [...leftOut!],
      ]),
      [
        ['one', 1, 0, []],
        ['two', 3, 1, [['z', 1]]],
      ],
    )
    assert.equal(notes.take().sets!.size, 0)
  })

  it('compile the same from their definition', () => {
    const { definition } = sets({ a: "when: v == 'x'\nx: 1", b: 'y: 2' })
    const again = compileRouted(FUNCTION_LIBRARY, loadRouted(structuredClone(definition)))
    assert.deepEqual(fate(again.createRunner(), { v: 'x' }), { x: 1 })
    assert.deepEqual(fate(again.createRunner(), {}), { y: 2 })
  })

  it('report what is wrong in all files at once, what they share once', () => {
    const files = {
      'routes.yaml': 'routes:\n  - {when: lowr(x), rules: a}\n  - b\n  - c',
      a: 'include: s.yaml\na: +',
      b: 'include: s.yaml\nb: 1',
      c: 'c: 1',
      's.yaml': 's: uppr(x)',
      d: 'enrich: {ip: [a], into: x.y}\na: b',
    }
    const way = (line: number) => [{ file: 'routes.yaml', line }]
    const routes = ['a', 'b', 'c'].map((file, line) => ({
      conditions: way(line),
      file,
      name: file,
      lookups: [],
    }))
    assert.equal(
      reportOf(() => compile(routes, files)),
      `a:2:5: error: expected a value, but the expression ends here
  in a
  |
2 | a: +
  |     ^

routes.yaml:2:12: error: unknown function 'lowr'
  in routes
  |
2 |   - {when: lowr(x), rules: a}
  |            ^^^^
  = hint: did you mean 'lower'?

routes.yaml:4:5: error: no event comes here: b takes all before
  |
4 |   - c
  |     ^
  = hint: give that one a 'when', or make it the last one

s.yaml:1:4: error: unknown function 'uppr'
  in s
  |
1 | s: uppr(x)
  |    ^^^^
  = hint: did you mean 'upper'?

4 errors
`,
    )
    const sound = {
      ...files,
      'routes.yaml': files['routes.yaml'].replace('lowr', 'lower'),
      a: 'a: 1',
      b: 'b: 1',
    }
    assert.match(
      reportOf(() => compile(routes, sound)),
      /^routes\.yaml:4:5: error: no event comes here: b takes all before\n/,
    )
    assert.match(
      reportOf(() =>
        compile([{ conditions: [], file: 'c', name: 'c', lookups: [], needsWhen: true }], files),
      ),
      /^c:1:1: error: a rule file of a folder needs a condition\n/,
    )
    assert.match(
      reportOf(() => sets({ one: 'when: x == 1\nenrich: {ip: [a], into: q.r}\na: b', d: files.d })),
      /^d:1:1: error: detections go to 'x\.y', and in one to 'q\.r'\n/,
    )
    // A file with errors of its own is looked at for its condition, too, unless that may be among what could not be read.
    const unsound = { file: 'a', name: 'a', conditions: [], lookups: [], needsWhen: true }
    assert.deepEqual(
      ['a: +', 'when: +\na: 1', 'a: "'].map((text) =>
        reportOf(() => compile([unsound], { a: text })).match(/^a:.*error: .*/gm),
      ),
      [
        [
          'a:1:1: error: a rule file of a folder needs a condition',
          'a:1:5: error: expected a value, but the expression ends here',
        ],
        ['a:1:8: error: expected a value, but the expression ends here'],
        ['a:1:4: error: the text that begins with " here has no closing "'],
      ],
    )
    assert.match(
      reportOf(() => sets({ one: 'a: +', two: 'b: +' })),
      /one:1:5: error: expected.*two:1:1: error: no event comes here: one takes all before/s,
    )
    assert.match(
      reportOf(() => compile([], {})),
      /there is no rule set/,
    )
  })
})

describe('a routes file', () => {
  it('is told from a rule file', () => {
    for (const text of ['routes:\n  - a', '# x\nroutes: # y\r\n  - a', 'routes: [a, b]'])
      assert.ok(isRoutesText(text), text)
    for (const text of ['routes: x', 'a: 1\n  routes:', 'routes.x: 1', 'xroutes:\n  - a'])
      assert.ok(!isRoutesText(text), text)
  })

  it('has its errors reported together', () => {
    const text =
      'routes:\n  - {whn: a, rules: b}\n  - {when: a}\n  - {rules: b, drop: true}\n  - [a]\n  - {drop: x == 1}\n  - {rules: [a]}\nother: 1'
    const { problems } = loadRoutes(text, 'routes.yaml')
    assert.deepEqual(
      problems.map(({ line, column, message }) => `${line}:${column} ${message}`),
      [
        "2:6 a route has no key 'whn'",
        '3:5 a route has no rules',
        '4:5 a route either has rules, or drops events',
        '5:5 a route is a rule file, or a mapping with when, rules and drop',
        "6:6 'drop' is true in a route",
        "7:6 'rules' is a rule file or a folder",
        "8:1 a routes file has no key 'other'",
      ],
    )
    assert.match(loadRoutes('- a', 'r').problems[0]!.message, /has the key routes/)
  })
})
