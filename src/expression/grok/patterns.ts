/**
 * Patterns with the names that grok made well known, in a spelling of our own: without look-around and nested repetitions, so
 * that each one is searched in linear time on any engine. Blanks are written `[ ]`, so that a verbose pattern may refer to them.
 * In capital letters with `%{...}` they refer to one another; each stands behind those that it needs.
 */
export const GROK_PATTERNS: Readonly<Record<string, string>> = {
  // Text
  WORD: String.raw`\w+`,
  NOTSPACE: String.raw`\S+`,
  SPACE: String.raw`\s*`,
  DATA: '.*?',
  GREEDYDATA: '.*',
  QUOTEDSTRING: String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`,
  QS: '%{QUOTEDSTRING}',
  BOOLEAN: '[Tt]rue|[Ff]alse|TRUE|FALSE',
  LOGLEVEL:
    '(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?)',

  // Numbers
  INT: '[+-]?[0-9]+',
  POSINT: '[1-9][0-9]*',
  NONNEGINT: '[0-9]+',
  BASE10NUM: String.raw`[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)`,
  NUMBER: '%{BASE10NUM}',
  BASE16NUM: '[+-]?(?:0x)?[0-9A-Fa-f]+',
  BASE16FLOAT: String.raw`[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)`,

  // Identifiers
  UUID: '[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}',
  URN: "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+",
  MD5: String.raw`\b[0-9A-Fa-f]{32}\b`,
  SHA1: String.raw`\b[0-9A-Fa-f]{40}\b`,
  SHA256: String.raw`\b[0-9A-Fa-f]{64}\b`,
  WINDOWSSID: 'S-1-[0-9]{1,14}(?:-[0-9]{1,10}){1,15}',

  // People
  USERNAME: '[A-Za-z0-9._-]+',
  USER: '%{USERNAME}',
  EMAILLOCALPART: "[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+",

  // Network
  CISCOMAC: String.raw`(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}`,
  WINDOWSMAC: '(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}',
  COMMONMAC: '(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}',
  MAC: '%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}',
  IPV4OCTET: '25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]',
  IPV4: String.raw`\b%{IPV4OCTET}(?:\.%{IPV4OCTET}){3}\b`,
  IPV6: String.raw`(?:(?:[0-9A-Fa-f]+:){6}(?:[0-9A-Fa-f]+:[0-9A-Fa-f]+|%{IPV4})|(?:(?:[0-9A-Fa-f]+:){1,7}|:):(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+){0,6}(?:(?:\.[0-9]{1,3}){3})?)?)(?:%[0-9A-Za-z]+)?`,
  IP: '%{IPV4}|%{IPV6}',
  CIDR: '%{IP}/[0-9]{1,3}',
  HOSTNAME: String.raw`[0-9A-Za-z_][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]+)*\.?`,
  HOST: '%{HOSTNAME}',
  IPORHOST: '%{IP}|%{HOSTNAME}',
  PORT: '[0-9]{1,5}',
  HOSTPORT: '%{IPORHOST}:%{PORT}',
  EMAILADDRESS: '%{EMAILLOCALPART}@%{HOSTNAME}',

  // Files
  UNIXPATH: '(?:/[A-Za-z0-9_%!$@:.,+~-]*)+',
  WINPATH: String.raw`(?:[A-Za-z]:|\\)(?:\\[^\\?*:|"<>\s]*)+`,
  PATH: '%{UNIXPATH}|%{WINPATH}',
  TTY: '/dev/(?:pts/[0-9]+|tty[0-9A-Za-z]*)',

  // URIs
  URIPROTO: '[A-Za-z][A-Za-z0-9+.-]+',
  URIHOST: '%{IPORHOST}(?::%{PORT})?',
  URIPATH: "(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+",
  URIQUERY: String.raw`[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*`,
  URIPARAM: String.raw`\?%{URIQUERY}`,
  URIPATHPARAM: '%{URIPATH}(?:%{URIPARAM})?',
  URI: String.raw`%{URIPROTO}://(?:[^\s/?#@]*@)?(?:\[[0-9A-Fa-f:.%]+\]|[^\s/?#:@\[\]]*)(?::%{PORT})?(?:%{URIPATHPARAM})?`,

  // Dates and times
  MONTH: String.raw`(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b`,
  MONTHNUM: '1[0-2]|0?[1-9]',
  MONTHNUM2: '0[1-9]|1[0-2]',
  MONTHDAY: '3[01]|[12][0-9]|[ 0]?[1-9]',
  DAY: String.raw`(?i:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b`,
  YEAR: '[0-9]{4}|[0-9]{2}',
  HOUR: '2[0-3]|[01]?[0-9]',
  MINUTE: '[0-5][0-9]',
  SECOND: '(?:60|[0-5]?[0-9])(?:[.,:][0-9]+)?',
  TIME: '%{HOUR}:%{MINUTE}(?::%{SECOND})?',
  DATE_US: '(?:%{MONTHNUM})[/-](?:%{MONTHDAY})[/-](?:%{YEAR})',
  DATE_EU: '(?:%{MONTHDAY})[./-](?:%{MONTHNUM})[./-](?:%{YEAR})',
  DATE: '%{DATE_US}|%{DATE_EU}',
  DATESTAMP: '%{DATE}[- ]%{TIME}',
  TZ: '[A-Z]{3,4}',
  ISO8601_TIMEZONE: 'Z|[+-]%{HOUR}(?::?%{MINUTE})?',
  TIMESTAMP_ISO8601:
    '[0-9]{4}-(?:%{MONTHNUM})-(?:%{MONTHDAY})[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?[ ]?(?:%{ISO8601_TIMEZONE})?',
  DATESTAMP_RFC822: '%{DAY}[ ]%{MONTH}[ ]%{MONTHDAY}[ ]%{YEAR}[ ]%{TIME}[ ]%{TZ}',
  DATESTAMP_RFC2822: '%{DAY},[ ]%{MONTHDAY}[ ]%{MONTH}[ ]%{YEAR}[ ]%{TIME}[ ]%{ISO8601_TIMEZONE}',
  DATESTAMP_OTHER: '%{DAY}[ ]%{MONTH}[ ]+%{MONTHDAY}[ ]%{TIME}[ ]%{TZ}[ ]%{YEAR}',
  DATESTAMP_EVENTLOG: '[0-9]{4}%{MONTHNUM2}(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])%{MINUTE}[0-5][0-9]',
  HTTPDATE: '%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME}[ ][+-][0-9]{4}',
  HTTPDERROR_DATE: '%{DAY}[ ]%{MONTH}[ ]%{MONTHDAY}[ ]%{TIME}[ ]%{YEAR}',
  SYSLOGTIMESTAMP: '%{MONTH}[ ]+%{MONTHDAY}[ ]%{TIME}',
  CISCOTIMESTAMP: '%{MONTH}[ ]+%{MONTHDAY}(?:[ ]%{YEAR})?[ ]%{TIME}',
  UNIXEPOCH: String.raw`[0-9]{9,10}(?:\.[0-9]+)?`,

  // Syslog
  PROG: String.raw`[\x21-\x5a\x5c\x5e-\x7e]+`,
  SYSLOGPROG: String.raw`%{PROG:program}(?:\[%{POSINT:pid}\])?`,
  SYSLOGHOST: '%{IPORHOST}',
  SYSLOGFACILITY: String.raw`<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>`,
  SYSLOGBASE:
    '%{SYSLOGTIMESTAMP:timestamp}[ ](?:%{SYSLOGFACILITY}[ ])?%{SYSLOGHOST:logsource}[ ]%{SYSLOGPROG}:',
  SYSLOGLINE: '%{SYSLOGBASE}[ ]%{GREEDYDATA:message}',
  SYSLOG5424PRI: '<%{NONNEGINT:syslog5424_pri}>',
  SYSLOG5424SD: String.raw`\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\]`,
  CRON_ACTION: '[A-Z ]+',

  // Programs
  HTTPDUSER: '%{EMAILADDRESS}|%{USER}',
  HTTPD_COMMONLOG: String.raw`%{IPORHOST:clientip}[ ]%{NOTSPACE:ident}[ ]%{NOTSPACE:auth}[ ]\[%{HTTPDATE:timestamp}\][ ]"(?:%{WORD:verb}[ ](?P<request>[^\s"]+)(?:[ ]HTTP/%{NUMBER:httpversion})?|(?P<rawrequest>[^"]*))"[ ](?:%{NONNEGINT:response}|-)[ ](?:%{NONNEGINT:bytes}|-)`,
  COMMONAPACHELOG: '%{HTTPD_COMMONLOG}',
  HTTPD_COMBINEDLOG: '%{HTTPD_COMMONLOG}[ ]%{QS:referrer}[ ]%{QS:agent}',
  COMBINEDAPACHELOG: '%{HTTPD_COMBINEDLOG}',
  JAVACLASS: String.raw`[A-Za-z$_][A-Za-z$_0-9]*(?:\.[A-Za-z$_][A-Za-z$_0-9]*)*`,
  JAVAFILE: '[A-Za-z0-9_.-]+',
  JAVAMETHOD: '<init>|[A-Za-z$_][A-Za-z$_0-9]*',
  CISCOTAG: '[A-Z0-9]+-[0-9]+-(?:[A-Z0-9_]+)',
  CISCO_DIRECTION: '(?i:inbound|outbound)',
  CISCO_ACTION:
    'Built|Teardown|Deny|Denied|denied|requested|permitted|denied by ACL|discarded|est-allowed|Dropping|created|deleted',
}
