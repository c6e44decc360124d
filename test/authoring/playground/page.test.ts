/** The page of the playground in a real browser: what a person does, and what the person sees. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { after, before, describe, it } from 'node:test'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { PlaygroundServer } from '../../../src/authoring/playground/server.ts'
import { runPlayground } from '../../../src/cli/playground.ts'
import { temporaryDirectory } from '../../temporary.ts'
import { CHROMIUM, NO_BROWSER } from './browser.ts'

const RULES = "source.ip: src\nname: lower(user)\nkind: lookup('kinds', n, 'other')\n"
const TABLES = 'kinds: {1: first, 2: second}\n'
const EVENTS = '{"src":"192.0.2.1","user":"ANNA","n":1}\n{"src":"192.0.2.2","n":2}\n'

/** Rules that keep a processor busy for much longer than a second. */
/** A pattern that is at work for ever, which no limit of an event ends. */
const RUNAWAY = "match(r'(a+)+(?!a)\\1b', 'a' * 60 + '!')"

const RULES_EDITOR = '#rules-editor .cm-content'
/** Expressions that are evaluated in the page, or in its worker. */
const ACTIVE_TEXT = 'document.activeElement?.textContent'
const ACTIVE_PART = `(() => {
  const active = document.activeElement
  const editor = active?.closest('#rules-editor, #events-editor')
  return (editor ?? active?.closest('[id]'))?.id ?? ''
})()`
const WAYS_LEFT = `[
  'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'importScripts', 'indexedDB', 'navigator'
].filter((name) => globalThis[name] !== undefined)`

/** A busy machine takes its time. */
const LONGEST_WAIT_MS = 90_000
const MOD = process.platform === 'darwin' ? 'Meta' : 'Control'

describe('the page of the playground', { skip: CHROMIUM === undefined && NO_BROWSER }, () => {
  const folder = temporaryDirectory()
  const rules = join(folder, 'x.yaml')
  const lookups = join(folder, 'lookups.yaml')
  const faults: string[] = []
  let server: PlaygroundServer
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let address: string

  before(async () => {
    writeFileSync(rules, RULES)
    writeFileSync(lookups, TABLES)
    server = new PlaygroundServer({
      content: {
        files: [
          { name: rules, role: 'rules', text: RULES },
          { name: lookups, role: 'lookups', text: TABLES },
        ],
        events: EVENTS,
        input: { inputFormat: 'jsonl' },
        allowUnsafePatterns: true,
      },
      saves: new Map([
        [rules, rules],
        [lookups, lookups],
      ]),
      notes: [],
      host: '127.0.0.1',
    })
    address = `http://127.0.0.1:${await server.listen(0)}`
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] })
    context = await browser.newContext({ colorScheme: 'light', viewport: { width: 1280, height: 800 } })
    context.setDefaultTimeout(LONGEST_WAIT_MS)
    page = await open(`${address}/#token=${server.token}`)
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })

  /** Opens a page, and notes everything that a page of ours never does. */
  async function open(url: string, where = context): Promise<Page> {
    const opened = await where.newPage()
    const { origin } = new URL(url)
    opened.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
    })
    opened.on('pageerror', (error) => faults.push(error.message))
    opened.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) faults.push(`asked ${request.url()}`)
    })
    await opened.goto(url)
    await opened.waitForSelector('html[data-ready]')
    return opened
  }

  const text = async (selector: string) => (await page.locator(selector).textContent()) ?? ''
  /** Waits until an element has a text. */
  const shows = (selector: string, wanted: string, on = page) =>
    on.locator(selector).filter({ hasText: wanted }).first().waitFor()

  async function typeAtEnd(written: string): Promise<void> {
    await page.locator(RULES_EDITOR).focus()
    await page.keyboard.press(`${MOD}+End`)
    await page.keyboard.insertText(written)
  }

  async function replaceRules(written: string): Promise<void> {
    await page.locator(RULES_EDITOR).focus()
    await page.keyboard.press(`${MOD}+a`)
    await page.keyboard.insertText(written)
  }

  let resets = 0
  /** The rules of the beginning, and their output: not that of a run before. */
  async function reset(): Promise<void> {
    const name = `reset${++resets}`
    await replaceRules(`${RULES}${name}: src\n`)
    await shows('#outputs', `"${name}"`)
    await replaceRules(RULES)
    await page
      .locator('#outputs')
      .filter({ hasNotText: `"${name}"` })
      .waitFor()
  }

  it('shows output and rejects of the files that it was started with, and hides the token', async () => {
    await shows('#counts', '1 written, 1 rejected')
    assert.match(await text('#outputs'), /"ip": "192\.0\.2\.1"\s+\},\s+"name": "anna",\s+"kind": "first"/)
    assert.match(await text('#rejects'), /FIELD_MISSING\s*name: .*user[\s\S]*"192\.0\.2\.2"/)
    assert.equal(new URL(page.url()).hash, '')
  })

  it('underlines a mistake with the message and the hint of the command line, and forgets it when it is mended', async () => {
    await typeAtEnd('bad: lowr(src)')
    await shows('#problems', "error: unknown function 'lowr'")
    assert.match(await text('#problems'), /4:6[\s\S]*did you mean 'lower'\?/)
    const mark = page.locator('.cm-lintRange-error')
    assert.equal(await mark.textContent(), 'lowr')
    await mark.hover()
    await shows('.cm-tooltip .cm-diagnostic', "did you mean 'lower'?")
    assert.equal(await page.locator('#results').getAttribute('inert'), '', 'the output before is stale')
    for (let count = '(src)'.length; count > 0; count--) await page.keyboard.press('Backspace')
    await page.keyboard.press('Backspace')
    await page.keyboard.insertText('er(src)')
    await shows('#outputs', '"bad": "192.0.2.1"')
    assert.equal(await page.locator('.cm-lintRange').count(), 0)
    assert.ok(await page.locator('#problems').isHidden())
    await replaceRules(RULES)
    await shows('#counts', '1 written, 1 rejected')
  })

  it('completes functions, fields of the events and tables', async () => {
    await typeAtEnd('c: us')
    await shows('.cm-tooltip-autocomplete', 'user')
    await page.keyboard.press('Escape')
    await replaceRules(`${RULES}c: loo`)
    await shows('.cm-tooltip-autocomplete', 'lookup(table, key[, default])')
    await shows('.cm-completionInfo', 'Finds the value that a lookup table has')
    // Enter is not taken in the moment after the list has opened, and a busy machine has long moments.
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'lookup(table' }).click()
    await shows(RULES_EDITOR, 'c: lookup(')
    await page.keyboard.type("'")
    await page.locator('.cm-tooltip-autocomplete li', { hasText: 'kinds' }).click()
    await shows(RULES_EDITOR, "c: lookup('kinds')")
    await replaceRules(RULES)
  })

  it('shows the reference of a function under the pointer, and at the cursor with F1', async () => {
    await reset()
    const call = page.locator('.tok-call', { hasText: 'lookup' })
    await call.hover()
    await shows('.cm-tooltip-hover .doc', 'Finds the value')
    await call.click()
    await page.mouse.move(5, 5)
    await page.locator('.cm-tooltip-hover').waitFor({ state: 'detached' })
    await page.keyboard.press('F1')
    await shows('.cm-tooltip.doc', 'Finds the value')
    await page.keyboard.press('Escape')
    await page.locator('.cm-tooltip.doc').waitFor({ state: 'detached' })
  })

  it('explains a value and a rejection, and goes to the rule', async () => {
    await reset()
    await page.locator('#outputs .value', { hasText: '"first"' }).click()
    await shows('#explanation-body .story', '→ "first"')
    assert.match(
      await text('#explanation-body'),
      /x\.yaml:3:1[\s\S]*kind: lookup\('kinds', n, 'other'\) → "first"[\s\S]*entry "1" of kinds/,
    )
    assert.equal(
      await page.locator('#explanation-body .story .value').first().textContent(),
      '"first" (entry "1" of kinds)',
    )
    await page.keyboard.press('Escape')
    assert.ok(await page.locator('#explanation').isHidden())
    assert.equal(await page.evaluate(ACTIVE_TEXT), '"first"')
    await page.locator('#rejects .why').click()
    await shows('#explanation-body .story.bad .fault', 'FIELD_MISSING: field user is absent')
    await shows('#explanation-body .story.bad .fault', '^^^^')
    await page.locator('#explanation-body .at').click()
    assert.equal(await page.locator('#rules-editor .cm-activeLine').textContent(), 'name: lower(user)')
    await page.locator('#explanation-close').click()
  })

  it('stops rules that run away, and goes on with better ones', async () => {
    await replaceRules(`a: src\nb: ${RUNAWAY}\n`)
    await shows('#stopped', 'Event 1 took longer than a second and was stopped.')
    await replaceRules(RULES)
    await shows('#counts', '1 written, 1 rejected')
  })

  it('saves with the keyboard, asks before it writes over the changes of others', async () => {
    await reset()
    await typeAtEnd('more: src\n')
    await page.keyboard.press(`${MOD}+s`)
    await shows('#status', 'x.yaml saved.')
    assert.equal(readFileSync(rules, 'utf8'), `${RULES}more: src\n`)
    writeFileSync(rules, 'theirs: src\n')
    await replaceRules(RULES)
    await page.locator('#save').click()
    await shows('#status', 'has changed on the disk since it was read')
    assert.equal(readFileSync(rules, 'utf8'), 'theirs: src\n')
    await page.locator('#save').click()
    await shows('#status', 'x.yaml saved.')
    assert.equal(readFileSync(rules, 'utf8'), RULES)
    assert.ok(await page.locator('#save').isDisabled())
  })

  it('puts everything into a link, which another visitor can open but not save', async () => {
    await page.locator('#files button', { hasText: 'lookups.yaml' }).click()
    await page.locator(RULES_EDITOR).filter({ hasText: 'kinds' }).focus()
    await page.keyboard.press(`${MOD}+Home`)
    await page.keyboard.insertText('# grün\n')
    await page.locator('#share').click()
    await shows('#status', 'The link')
    const link = page.url()
    assert.match(link, /#s1=[\w-]+$/)
    assert.ok(!link.includes(server.token))
    const other = await browser.newContext({ colorScheme: 'dark', viewport: { width: 390, height: 800 } })
    const opened = await open(link, other)
    await shows('#counts', '1 written, 1 rejected', opened)
    await opened.locator('#files button', { hasText: 'lookups.yaml' }).click()
    await shows(RULES_EDITOR, '# grün', opened)
    assert.ok(await opened.locator('#save').isHidden())

    // Dark and narrow: no line of the page is wider than the window, and the ground is dark.
    assert.equal(await opened.evaluate('document.documentElement.scrollWidth'), 390)
    const ground = () => opened.evaluate('getComputedStyle(document.body).backgroundColor')
    assert.equal(await ground(), 'rgb(20, 25, 29)')
    await opened.locator('#theme').click()
    assert.equal(await ground(), 'rgb(255, 255, 255)')
    await opened.locator('#outputs .value', { hasText: '"first"' }).click()
    await shows('#explanation-body .story', '→ "first"', opened)
    assert.deepEqual(await other.cookies(), [])
    await other.close()

    const damaged = await open(link.slice(0, -20))
    await shows('#notice', 'the link is damaged', damaged)
    await damaged.close()
  })

  it('is used by the keyboard alone: nobody is caught, and every part is reached', async () => {
    const alone = await open(`${address}/#token=${server.token}`)
    await shows('#counts', 'written', alone)
    const seen: string[] = []
    for (let count = 0; count < 14; count++) {
      await alone.keyboard.press('Tab')
      seen.push(await alone.evaluate<string>(ACTIVE_PART))
    }
    for (const part of [
      'theme',
      'share',
      'files',
      'rules-editor',
      'format',
      'events-editor',
      'counts',
      'outputs',
    ])
      assert.ok(seen.includes(part), `${part} in ${seen.join()}`)
    // From the first value to the next ones by arrows; Enter explains, Escape comes back.
    await alone.locator('#outputs .value').first().focus()
    for (let count = 0; count < 2; count++) await alone.keyboard.press('ArrowDown')
    await alone.keyboard.press('Enter')
    await shows('#explanation-body .story', '→ "192.0.2.1"', alone)
    await alone.keyboard.press('Escape')
    assert.equal(await alone.evaluate(ACTIVE_TEXT), '"192.0.2.1"')
    await alone.close()
  })

  it('has a list of many files, tells which rule set takes an event, and saves the file that was changed', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name}.yaml`)
    const ruleText = (name: string) => `when: kind == '${name[0]}'\n${name[0]}: v\n`
    const texts = new Map(names.map((name) => [name, ruleText(name)]))
    texts.set('routes.yaml', `routes:\n${names.map((name) => `  - ${name}\n`).join('')}`)
    for (const [name, written] of texts) writeFileSync(join(folder, name), written)
    const many = new PlaygroundServer({
      content: {
        files: Array.from(texts, ([name, written]) => ({
          name: join(folder, name).replaceAll('\\', '/'),
          role: name === 'routes.yaml' ? 'routes' : 'rules',
          text: written,
        })),
        rules: [join(folder, 'routes.yaml').replaceAll('\\', '/')],
        events: '{"kind":"b","v":1}\n{"kind":"x"}\n',
        input: { inputFormat: 'jsonl' },
      },
      saves: new Map(names.map((name) => [join(folder, name).replaceAll('\\', '/'), join(folder, name)])),
      notes: [],
      host: '127.0.0.1',
    })
    try {
      const opened = await open(`http://127.0.0.1:${await many.listen(0)}/#token=${many.token}`)
      await shows('#counts', '1 written, 1 rejected', opened)
      await shows('#outputs .set', 'b', opened)
      assert.ok(await opened.locator('#files').isHidden())
      // The list is a part of the way that Tab goes, and arrows choose.
      await opened.locator('#file-list').focus()
      await opened.keyboard.press('ArrowDown')
      await shows(RULES_EDITOR, "kind == 'b'", opened)
      await opened.locator(RULES_EDITOR).focus()
      await opened.keyboard.press(`${MOD}+End`)
      await opened.keyboard.insertText('more: lowr(v)\n')
      await shows('#problems .place', 'b.yaml 3:7', opened)
      await shows('#file-list option', 'b.yaml • (errors)', opened).catch(() => {})
      assert.equal(await opened.locator('#file-list option').nth(1).textContent(), 'b.yaml • (errors)')
      await opened.keyboard.press(`${MOD}+s`)
      await shows('#status', 'b.yaml saved.', opened)
      assert.equal(readFileSync(join(folder, 'b.yaml'), 'utf8'), `${ruleText('b.yaml')}more: lowr(v)\n`)
      await opened.locator('#problems button').first().click()
      assert.equal(await opened.locator('#rules-editor .cm-activeLine').textContent(), 'more: lowr(v)')
      await opened.close()
    } finally {
      await many.close()
    }
  })

  it('leaves its worker no way out', async () => {
    const workers = page.workers()
    assert.equal(workers.length, 2)
    for (const worker of workers) {
      const left = await worker.evaluate(WAYS_LEFT)
      assert.deepEqual(left, [])
      const loaded = await worker.evaluate(`import('/page.js').then(() => 'loaded', () => 'refused')`)
      assert.equal(loaded, 'refused')
    }
    // The policy refused it, which the browser reports.
    assert.ok(faults.splice(0).every((fault) => /Content Security Policy|Failed to load/i.test(fault)))
  })

  it('works from files on a plain web server, and asks no other host', async () => {
    const exported = join(folder, 'exported')
    const write = process.stderr.write
    process.stderr.write = () => true
    try {
      assert.equal(await runPlayground(undefined, { rules: [rules], export: exported }), 0)
    } finally {
      process.stderr.write = write
    }
    const plain = plainServer(exported)
    try {
      await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
      const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/index.html`
      const hosted = await open(url)
      await shows(RULES_EDITOR, 'source.ip: src', hosted)
      await hosted.locator('#events-editor .cm-content').focus()
      await hosted.keyboard.insertText('{"src":"192.0.2.9","user":"X","n":5}')
      await shows('#outputs', '"kind": "other"', hosted)
      assert.ok(await hosted.locator('#save').isHidden())
      // The policy stands in the page: a script that somebody smuggles into it is not run.
      const before = faults.length
      await hosted.evaluate(
        `document.body.append(Object.assign(document.createElement('script'), { text: 'smuggled = 1' }))`,
      )
      assert.equal(await hosted.evaluate('typeof smuggled'), 'undefined')
      assert.match(faults.splice(before).join(), /Content Security Policy/)
      await hosted.close()
    } finally {
      plain.closeAllConnections()
      plain.close()
    }
  })

  it('did nothing on the way that a browser warns of', () => {
    assert.deepEqual(faults, [])
  })
})

/** A web server that knows nothing but files and their types. */
function plainServer(folder: string): Server {
  const types: Record<string, string> = {
    html: 'text/html',
    js: 'text/javascript',
    css: 'text/css',
    svg: 'image/svg+xml',
  }
  return createServer(({ url = '/' }, response) => {
    try {
      const body = readFileSync(join(folder, url.slice(1)))
      response.writeHead(200, { 'content-type': types[url.split('.').at(-1)!] ?? 'text/plain' })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
}
