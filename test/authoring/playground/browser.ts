import { existsSync } from 'node:fs'
import process from 'node:process'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
]

/** A Chromium of this machine; undefined: there is none. CHROMIUM_PATH names another one. */
export const CHROMIUM = [process.env.CHROMIUM_PATH, ...PLACES].find(
  (path) => path !== undefined && existsSync(path),
)

/** The reason why the tests of the page are skipped. */
export const NO_BROWSER = 'there is no Chromium: install it, or set CHROMIUM_PATH'
