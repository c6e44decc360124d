import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Code, Part } from '../../../src/expression/emit/code.ts'
import { _, anyOf, commentText, list, Name, objectOf, sum } from '../../../src/expression/emit/code.ts'
import { CodeBlock } from '../../../src/expression/emit/code-block.ts'

/** The value of an expression, as JavaScript sees it. */
function evaluated(expression: Code): unknown {
  return new Function(`return (${expression.text})`)()
}

/** Texts that end literals, comments or elements of a page where they are not quoted. */
const HOSTILE = [
  '',
  '"',
  "'",
  '`',
  '${1',
  '\\',
  '\\"',
  '\n',
  '\r\n',
  '\u2028',
  '\u2029',
  '\0',
  '</script>',
  '</SCRIPT x',
  '<script>',
  '<!--',
  '-->',
  '*/',
  '//',
  '\ud800',
  '\udc00x',
  '😀',
  '__proto__',
  'constructor',
]

const hostileText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary' })), { maxLength: 6 })
    .map((texts) => texts.join('')),
  // Halves of pairs as well.
  fc.array(fc.nat({ max: 0xffff }), { maxLength: 8 }).map((units) => String.fromCharCode(...units)),
)

const scalar = fc.oneof(
  hostileText,
  fc.double().filter((value) => !Object.is(value, -0)),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined),
)

describe('code', () => {
  it('is made of nothing but templates and code: the compiler refuses text', () => {
    const text = 'process.exit()'
    const block = new CodeBlock()
    const refused = (): void => {
      // @ts-expect-error A text is no code.
      block.line(text)
      // @ts-expect-error An object that looks like code is none.
      block.line({ text })
      // @ts-expect-error No constructor makes code of a text.
      block.line(new Code(text))
      // @ts-expect-error The tag takes no text where its template should be.
      block.line(_(text))
      // @ts-expect-error An object is no literal.
      block.line(_`${{ text }}`)
      // @ts-expect-error A text is no test.
      block.line(anyOf([text]))
    }
    assert.equal(typeof refused, 'function')
    block.line(_`f(${text})`)
    assert.equal(block.text(), 'f("process.exit()")\n')
  })

  it('takes a name only where it is one', () => {
    assert.equal(_`${new Name('t1')} + ${new Name('$_a')}`.text, 't1 + $_a')
    for (const text of ['', '1a', 'a b', 'a;', 'a\n', 'a.b', 'é', '"a"']) {
      assert.throws(() => new Name(text), TypeError, text)
    }
  })

  it('is no part of a plain template', () => {
    assert.throws(() => `${_`a`}`, TypeError)
  })

  it('gives each literal back as it was', () => {
    fc.assert(
      fc.property(scalar, (value) => {
        assert.ok(Object.is(evaluated(_`${value}`), value), String(value))
        assert.deepEqual(evaluated(_`${[value, [value], new Name('undefined')]}`), [
          value,
          [value],
          undefined,
        ])
      }),
    )
    assert.ok(Object.is(evaluated(_`${-0}`), 0), 'the language has no negative zero')
    assert.equal(evaluated(_`1 - ${-1} - ${-2}`), 4)
  })

  it('keeps literals and comments inside a script element and on their line', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const block = new CodeBlock()
        block.line(_`return ${text}`, text)
        const written = block.text()
        assert.doesNotMatch(written, /<[/!s]/i)
        assert.equal(written.split(/[\r\n\u2028\u2029]/).length, 2, 'one line, with its end')
        assert.equal(new Function(written)(), text)
      }),
    )
    assert.equal(commentText('a\r\nb\u2028</script>'), 'a b \\u003c/script>')
  })

  it('writes every member of an object as its own', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(hostileText, scalar), { selector: ([key]) => key }), (members) => {
        const object = evaluated(objectOf(members)) as object
        assert.equal(Object.getPrototypeOf(object), Object.prototype)
        assert.equal(Object.keys(object).length, members.length)
        for (const [key, value] of members) {
          assert.ok(Object.is(Object.getOwnPropertyDescriptor(object, key)?.value, value), key)
        }
      }),
    )
    assert.equal(
      objectOf([
        ['__proto__', null],
        ['a', 1],
      ]).text,
      '{ ["__proto__"]: null, "a": 1 }',
    )
  })

  it('joins parts', () => {
    const parts: readonly Part[] = [new Name('a'), 'b', -1, undefined]
    assert.equal(list(parts).text, 'a, "b", (-1), undefined')
    assert.equal(sum([new Name('a'), 'b']).text, 'a + "b"')
    assert.equal(anyOf([_`a`, _`b`]).text, 'a || b')
    assert.equal(anyOf([]).text, 'false')
  })
})

describe('blocks of code', () => {
  it('nest, and count the lines that they are written in', () => {
    const inner = new CodeBlock()
    inner.line(_`a()`)
    const block = new CodeBlock()
    block.line(_`let x`, 'a variable')
    block.nest(_`if (x)`, inner, inner)
    block.append(inner)
    const text = 'let x // a variable\nif (x) {\n  a()\n} else {\n  a()\n}\na()\n'
    assert.equal(block.text(), text)
    assert.equal(block.lineCount, 7)
    const program = new CodeBlock()
    program.define(_`function f()`, block)
    assert.equal(program.text(), `function f() {\n${text.replace(/^/gm, '  ').slice(0, -2)}}\n`)
    assert.equal(program.lineCount, 9)
  })

  it('are cut between statements only', () => {
    const block = new CodeBlock()
    for (let index = 0; index < 10; index++) {
      const inner = new CodeBlock()
      for (let line = 0; line < index; line++) inner.line(_`a(${line})`)
      block.nest(_`if (x)`, inner)
    }
    for (let least = 1; least < 70; least++) {
      const pieces = block.pieces(least)
      assert.equal(pieces.map((piece) => piece.text()).join(''), block.text())
      for (const piece of pieces) assert.doesNotThrow(() => new Function(piece.text()))
      assert.ok(
        pieces.slice(0, -1).every((piece) => piece.lineCount >= least),
        `pieces of ${least} lines`,
      )
    }
  })
})
