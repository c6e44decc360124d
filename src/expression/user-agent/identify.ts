import { UAParser } from 'ua-parser-js'
import { EXTENSIONS } from './extensions.ts'

/** What a user agent says of itself. */
export interface Agent {
  readonly name: string
  /** Family and version: `Windows 10`, `Linux`. */
  readonly os: string
  readonly device: string
  readonly major: number | null
  readonly minor: number | null
}

/** What is not known: the word of uap-core, which rules and dashboards look for. */
export const OTHER = 'Other'

/** Browsers that uap-core spells in another way than ua-parser-js. */
const BROWSER_NAMES = new Map([
  ['Android Browser', 'Android'],
  ['Chrome Headless', 'HeadlessChrome'],
  ['Chrome WebView', 'Chrome Mobile WebView'],
  ['DuckDuckGo', 'DuckDuckGo Mobile'],
  ['GSA', 'Google'],
  ['IEMobile', 'IE Mobile'],
  ['MIUI Browser', 'MiuiBrowser'],
  ['Opera Mobi', 'Opera Mobile'],
  ['QQBrowser', 'QQ Browser'],
  ['Silk', 'Amazon Silk'],
  ['UCBrowser', 'UC Browser'],
  ['Yandex', 'Yandex Browser'],
])

const PHONE_BROWSERS = new Map([
  ['Chrome', 'Chrome Mobile'],
  ['Edge', 'Edge Mobile'],
  ['Firefox', 'Firefox Mobile'],
  ['Opera', 'Opera Mobile'],
])

/** Where there is no browser, ua-parser-js names the engine: on iOS a web view inside an app. */
const ENGINE = 'WebKit'

const IOS_BROWSERS = new Map([
  ['Chrome', 'Chrome Mobile iOS'],
  ['Edge', 'Edge Mobile'],
  ['Firefox', 'Firefox iOS'],
  [ENGINE, 'Mobile Safari UI/WKWebView'],
])

const OS_NAMES = new Map([
  ['Chromium OS', 'Chrome OS'],
  ['Mac OS', 'Mac OS X'],
  ['linux', 'Linux'],
])

/** Systems whose version may be a word: `XP`, `Switch`. Elsewhere a word is a machine (`Linux i686`). */
const WORDED_VERSIONS = new Set(['Nintendo', 'PlayStation', 'Windows', 'Xbox'])

/** Vendors that nobody names together with the model. */
const SILENT_VENDORS = new Set(['Apple', 'Generic', 'Google'])

/** @param text of bounded length: the patterns take time with its square */
export function identify(text: string): Agent {
  // PowerShell gives the system twice, and the first time without its version.
  const parser = new UAParser(text.replace(/windows nt; (?=windows nt)/i, ''), EXTENSIONS)
  const browser = parser.getBrowser()
  const os = parser.getOS()
  const device = parser.getDevice()
  const name = browserName(browser.name, os.name, device.type)
  const [major, minor] = versionNumbers(browser.name === ENGINE ? undefined : browser.version)
  return { name, os: osName(os.name, os.version), device: deviceName(device), major, minor }
}

function browserName(name: string | undefined, os: string | undefined, device: string | undefined): string {
  if (name === undefined) return OTHER
  if (os === 'iOS') return IOS_BROWSERS.get(name) ?? BROWSER_NAMES.get(name) ?? name
  if (name === ENGINE) return OTHER
  const handheld = device === 'mobile' || (device === 'tablet' && name === 'Firefox')
  return (handheld ? PHONE_BROWSERS.get(name) : undefined) ?? BROWSER_NAMES.get(name) ?? name
}

function osName(name: string | undefined, version: string | undefined): string {
  if (name === undefined) return OTHER
  const family = OS_NAMES.get(name) ?? name
  const shown = version !== undefined && (/^\d/.test(version) || WORDED_VERSIONS.has(family))
  return shown ? `${family} ${version}`.trim() : family
}

function deviceName(device: {
  vendor: string | undefined
  model: string | undefined
  type: string | undefined
}): string {
  const { vendor, model, type } = device
  if (model === undefined || model === '') {
    if (vendor !== undefined) return vendor
    if (type === 'mobile') return 'Generic Smartphone'
    return type === 'tablet' ? 'Generic Tablet' : OTHER
  }
  if (vendor === undefined || SILENT_VENDORS.has(vendor)) return model === 'Macintosh' ? 'Mac' : model
  return model.toLowerCase().startsWith(vendor.toLowerCase()) ? model : `${vendor} ${model}`
}

/** The first two numbers of a version; a number too long to be exact is null. */
function versionNumbers(version: string | undefined): [major: number | null, minor: number | null] {
  const numbers = version === undefined ? null : /^\D{0,5}(\d+)(?:[._](\d+))?/.exec(version)
  return [toInteger(numbers?.[1]), toInteger(numbers?.[2])]
}

function toInteger(digits: string | undefined): number | null {
  return digits === undefined || digits.length > 15 ? null : Number(digits)
}
