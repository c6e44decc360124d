/**
 * Programs that a log has more often than browsers, and that uap-core has not, by the name with which they begin or
 * which stands before a version: tools, libraries, scanners, and products that are made of Firefox.
 */
const TOOL_NAMES = [
  'Apache-HttpClient',
  'Betterbird',
  'CertUtil URL Agent',
  'Burp Suite',
  'dirsearch',
  'feroxbuster',
  'ffuf',
  'git',
  'git-lfs',
  'gobuster',
  'httpx',
  'python-httpx',
  'Instantbird',
  'Java-http-client',
  'kube-probe',
  'LibreWolf',
  'masscan',
  'Microsoft BITS',
  'Microsoft Office',
  'Microsoft-Delivery-Optimization',
  'Microsoft-WNS',
  'Nessus',
  'Nikto',
  'Nmap Scripting Engine',
  'node-fetch',
  'Nuclei',
  'OpenVAS',
  'PHP',
  'Postbox',
  'PowerShell',
  'Prometheus',
  'sqlmap',
  'undici',
  'Wfuzz',
  'WPScan',
  'zgrab',
  'Zotero',
] as const

const TOOLS: ReadonlyMap<string, string> = new Map(TOOL_NAMES.map((name) => [name.toLowerCase(), name]))

/** A product with its version; a name may have a word before it. */
const PRODUCT =
  /(?<![\w.-])((?:[A-Za-z][\w-]{0,30} )?)([A-Za-z][\w-]{0,30})\/(v?\d{1,15}(?:\.\d{1,15}){0,3})?/g
/** A name at the start, or in brackets, without a version. */
const BARE_NAMES =
  /^(?:Mozilla\/5\.00? )?\(?(?:compatible; )?(Burp Suite|CertUtil URL Agent|Nmap Scripting Engine|Nuclei|OpenVAS|Nessus)\b/i

/** A tool in an agent that no table knows; the version is `''` where there is none. */
export function findTool(text: string): { name: string; version: string } | undefined {
  for (const [, before = '', product = '', version = ''] of text.matchAll(PRODUCT)) {
    const name = TOOLS.get((before + product).toLowerCase()) ?? TOOLS.get(product.toLowerCase())
    if (name !== undefined) return { name, version: version.replace(/^v/, '') }
  }
  const bare = BARE_NAMES.exec(text)?.[1]
  const name = bare === undefined ? undefined : TOOLS.get(bare.toLowerCase())
  return name === undefined ? undefined : { name, version: '' }
}
