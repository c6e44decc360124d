import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { folderWith, normalize } from './command.ts'

describe('what the command says to a mistake', { concurrency: 2 }, () => {
  it('knows the options of other commands better than by their letters', async () => {
    const { code, stderr } = await normalize(['--input', 'x.jsonl'])
    assert.equal(
      stderr,
      "error: unknown option '--input'\n(inputs are given without an option: normalize --rules FILE INPUT...)\n",
    )
    assert.equal(code, 2)
    assert.match((await normalize(['--ouput', 'x'])).stderr, /Did you mean --output\?/)
  })

  it('takes the argument of check for the rule file, and refuses two', async () => {
    const folder = folderWith({ 'r.yaml': 'a: lower(b)' })
    const file = join(folder, 'r.yaml')
    const { code, stdout } = await normalize(['check', file])
    assert.deepEqual([code, stdout], [0, `${file}: 1 field (a) from b\n`])
    const two = await normalize(['check', '--rules', file, 'other.yaml'])
    assert.deepEqual(
      [two.code, two.stderr],
      [2, `there is one rule file: --rules ${file}, or the argument other.yaml\n`],
    )
  })

  it('names the rule file that was given as an input', async () => {
    const { code, stderr } = await normalize(['my.yaml', 'events.jsonl'])
    assert.deepEqual([code, stderr], [2, 'a rule file is needed: --rules my.yaml\n'])
  })

  it('says what check reads of the event without being told', async () => {
    const folder = folderWith({ 'r.yaml': "t: parse_timestamp(ts, '%Y')" })
    const { stdout } = await normalize(['check', join(folder, 'r.yaml')])
    assert.match(stdout, / from ts, tzinfo\n$/)
  })

  it('says how documents are read that are not one event a line', async () => {
    const folder = folderWith({ 'r.yaml': 'a: b' })
    const messages = async (input: string): Promise<string[]> =>
      (await normalize(['-r', join(folder, 'r.yaml')], input)).stderr
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line).message)
    const [pretty, ...rest] = await messages('{\n  "b": 1\n}\n')
    assert.match(pretty!, /; a document of several lines is read with --input-format json$/)
    assert.doesNotMatch(rest.join(), /--input-format/)
    assert.deepEqual(await messages('[{"b": 1}, {"b": 2}]\n'), [
      'an event is a JSON object, not an array; an array of events is read with --input-format json',
    ])
    assert.match((await messages('[{"b": 1},\n{"b": 2}]'))[0]!, /--input-format json$/)
    assert.deepEqual(await messages('{"Records": [{"b": 1}]}\n'), [
      'a: field b is absent; the event\'s only member "Records" is a list, whose elements may be the events meant: ' +
        '--input-format json --pick Records takes them out',
    ])
    assert.deepEqual(await messages('{"c": [{"b": 1}], "d": 1}\n{"c": [1]}\n{"c": []}\n{}\n'), [
      'a: field b is absent',
      'a: field b is absent',
      'a: field b is absent',
      'a: field b is absent',
    ])
  })

  it('prints the tables that rules can use, by file', async () => {
    const folder = folderWith({
      'r.yaml': 'lookup:\n  verdicts: {accept: allowed, drop: denied}\na: nothing(',
      'lookups.yaml':
        'windows_sids:\n  - sid: S-1-5-7\nempty:\nlong: {1: a, 2: b, 3: c, 4: d, 5: e, 6: f, 7: g}\n',
    })
    const rules = join(folder, 'r.yaml')
    const { code, stdout } = await normalize(['functions', '--tables', '--rules', rules])
    assert.equal(
      stdout,
      `${rules}\n  verdicts: 2 entries (accept, drop)\n${join(folder, 'lookups.yaml')}\n` +
        '  windows_sids: a list of 1 entry\n  empty: 0 entries\n  long: 7 entries (1, 2, 3, 4, 5, 6, ...)\n',
    )
    assert.equal(code, 0)
    const without = await normalize(['functions', '--tables'])
    assert.match(without.stderr, /--lookups FILE/)
    assert.equal(without.code, 2)
  })
})

describe('normalize functions', { concurrency: 2 }, () => {
  it('prints the patterns that extract knows by name', async () => {
    const { code, stdout } = await normalize(['functions', '--patterns'])
    assert.equal(code, 0)
    assert.match(stdout, /^ {2}INT {2,}\[\+-\]\?\[0-9\]\+$/m)
    assert.ok(stdout.split('\n').length > 80, stdout)
  })

  it('has a page for each built-in function and each method', async () => {
    assert.equal(
      (await normalize(['functions', 'len'])).stdout,
      "len(object, /)\n  How many characters, elements or members there are.\n\n  Example\n    len('text')\n        -> 4\n",
    )
    assert.match(
      (await normalize(['functions', 'str.split'])).stdout,
      /^str\.split\(sep=None, maxsplit=-1\)\n/,
    )
    const { stdout } = await normalize(['functions', 'count'])
    assert.deepEqual(stdout.match(/^\S+(?=\()/gm), ['str.count', 'list.count', 'tuple.count'])
  })

  it('points from a function to the method of its name, and guesses what was meant', async () => {
    assert.match(
      (await normalize(['functions', 'split'])).stdout,
      /^split\([\s\S]*\n {2}There is a method too: normalize functions str\.split\n$/,
    )
    const { code, stderr } = await normalize(['functions', 'startwith'])
    assert.deepEqual([code, stderr], [2, 'no function startwith; did you mean startswith?\n'])
  })
})
