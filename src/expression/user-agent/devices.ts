import { UAParser } from 'ua-parser-js'

/** Stands before a pattern of ua-parser-js that takes time with the fourth power of the text's length. */
const EXTENSIONS: Record<string, unknown> = {
  device: [
    [/archos ?([\w ]{0,40})/i],
    [
      ['model', withoutBuild],
      ['vendor', 'Archos'],
    ],
  ],
}

/** Vendors that nobody names together with the model. */
const SILENT_VENDORS = new Set(['Apple', 'Generic', 'Google'])

/** Systems that uap-core does not know, or only in another case, by the name in lower case. */
const SYSTEMS: ReadonlyMap<string, string> = new Map(
  [
    'AIX',
    'BeOS',
    'DragonFly',
    'Fuchsia',
    'Haiku',
    'HarmonyOS',
    'HP-UX',
    'KAIOS',
    'Linux',
    'Minix',
    'Nintendo',
    'OS/2',
    'PlayStation',
    'QNX',
    'Raspbian',
    'RISC OS',
    'Xbox',
  ].map((name) => [name.toLowerCase(), name]),
)
/** Whose version is the model of a machine: a number or a word. */
const CONSOLES: ReadonlySet<string> = new Set(['Nintendo', 'PlayStation', 'Xbox'])
const CONSOLE_MODEL = /^(?:\d{1,3}|One|One X|Series [SX]|Switch|Wii|WiiU|3DS|DS|Portable|Vita)$/

/** The hardware that an agent runs on, with its vendor: `Samsung SM-S918B`, `iPhone`, `Mac`; undefined: not told. */
export function deviceOf(text: string): string | undefined {
  const { vendor, model, type } = new UAParser(text, EXTENSIONS).getDevice()
  if (model === undefined || model === '') {
    if (vendor !== undefined) return vendor
    if (type === 'mobile') return 'Generic Smartphone'
    return type === 'tablet' ? 'Generic Tablet' : undefined
  }
  if (vendor === undefined || SILENT_VENDORS.has(vendor)) return model === 'Macintosh' ? 'Mac' : model
  return model.toLowerCase().startsWith(vendor.toLowerCase()) ? model : `${vendor} ${model}`
}

/** The system, where uap-core does not know it; undefined: not told. */
export function otherSystemOf(text: string): string | undefined {
  const { name, version } = new UAParser(text).getOS()
  const known = SYSTEMS.get(name?.toLowerCase() ?? '')
  if (known === undefined) return undefined
  return CONSOLES.has(known) && version !== undefined && CONSOLE_MODEL.test(version)
    ? `${known} ${version}`
    : known
}

function withoutBuild(model: string): string {
  return model.split(/ b(?:uild)?\b/i)[0]!.trim()
}
