/**
 * Patterns that ua-parser-js tries before its own. It knows browsers; logs hold as many tools, scanners and crawlers.
 * Two more stand before patterns of its own that take time with the fourth power of the text's length.
 *
 * Each list is pairs of patterns and of what their groups are: a name, a name with a function, or a name with text.
 */
export const EXTENSIONS: Record<string, unknown> = {
  browser: [
    [/naver\((.{0,100})/i],
    [
      ['version', firstVersion],
      ['name', 'Naver'],
    ],
    [/\b(aiohttp|(?:windows)?powershell)\/([\d.]+)/i, /\((nikto)\/([\d.]+)/i, /\b(nmap scripting engine)/i],
    [['name', toolName], 'version'],
    [
      /^(?:mozilla\/5\.0 )?(apache-httpclient|axios|curl|git|go-http-client|java|kube-probe|libwww-perl|masscan|microsoft bits|microsoft-cryptoapi|microsoft-delivery-optimization|microsoft-wns|node-fetch|okhttp|php|postmanruntime|prometheus|python-httpx|python-requests|python-urllib|sqlmap|wget|windows-update-agent|winhttp|zgrab)\b(?:\/v?([\d.]+))?/i,
    ],
    [['name', toolName], 'version'],
    [
      /\b(facebookexternalhit|censysinspect|[\w-]{0,40}(?:bot|spider|crawler)(?:-[\w-]{1,40})?)[/ ]v?(\d[\d.]*)/i,
      /\b(bytespider|yahoo! slurp)\b/i,
    ],
    ['name', 'version'],
  ],
  device: [
    [
      /\b(?:[\w-]{0,40}(?:bot|spider|crawler)(?:-[\w-]{1,40})?[/ ]v?\d|facebookexternalhit|censysinspect|bytespider|yahoo! slurp|masscan)/i,
    ],
    [['model', 'Spider']],
    [/archos ?([\w ]{0,40})/i],
    [
      ['model', withoutBuild],
      ['vendor', 'Archos'],
    ],
  ],
}

/** Tools as uap-core spells them, or they themselves; by their lower-case name. */
const TOOL_NAMES = new Map(
  [
    'Apache-HttpClient',
    'Go-http-client',
    'Java',
    'Microsoft BITS',
    'Microsoft-CryptoAPI',
    'Microsoft-Delivery-Optimization',
    'Microsoft-WNS',
    'Nikto',
    'Nmap Scripting Engine',
    'PHP',
    'PostmanRuntime',
    'PowerShell',
    'Prometheus',
    'Python-urllib',
    'Wget',
    'Windows-Update-Agent',
    'WindowsPowerShell',
    'WinHTTP',
  ].map((name) => [name.toLowerCase(), name]),
)
TOOL_NAMES.set('aiohttp', 'Python aiohttp')
TOOL_NAMES.set('python-requests', 'Python Requests')

function toolName(name: string): string {
  const lower = name.toLowerCase()
  return TOOL_NAMES.get(lower) ?? lower
}

function firstVersion(text: string): string | undefined {
  return /\d+\.[\w.]+/.exec(text)?.[0]
}

function withoutBuild(model: string): string {
  return model.split(/ b(?:uild)?\b/i)[0]!.trim()
}
