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
  DATA: String.raw`.*?`,
  GREEDYDATA: String.raw`.*`,
  QUOTEDSTRING: String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`,
  QS: String.raw`%{QUOTEDSTRING}`,
  BOOLEAN: String.raw`[Tt]rue|[Ff]alse|TRUE|FALSE`,
  LOGLEVEL: String.raw`(?i:alert|trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|emerg(?:ency)?)`,

  // Numbers
  INT: String.raw`[+-]?[0-9]+`,
  POSINT: String.raw`[1-9][0-9]*`,
  NONNEGINT: String.raw`[0-9]+`,
  BASE10NUM: String.raw`[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)`,
  NUMBER: String.raw`%{BASE10NUM}`,
  BASE16NUM: String.raw`[+-]?(?:0x)?[0-9A-Fa-f]+`,
  BASE16FLOAT: String.raw`[+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+)`,

  // Identifiers
  UUID: String.raw`[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}`,
  URN: String.raw`urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9A-Za-z()+,.:=@;$_!*'/?#%-]+`,
  MD5: String.raw`\b[0-9A-Fa-f]{32}\b`,
  SHA1: String.raw`\b[0-9A-Fa-f]{40}\b`,
  SHA256: String.raw`\b[0-9A-Fa-f]{64}\b`,
  WINDOWSSID: String.raw`S-1-[0-9]{1,14}(?:-[0-9]{1,10}){1,15}`,

  // People
  USERNAME: String.raw`[A-Za-z0-9._-]+`,
  USER: String.raw`%{USERNAME}`,
  EMAILLOCALPART: String.raw`[A-Za-z0-9!#$%&'*+/=?^_${'`'}{|}~.-]+`,

  // Network
  CISCOMAC: String.raw`(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}`,
  WINDOWSMAC: String.raw`(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}`,
  COMMONMAC: String.raw`(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}`,
  MAC: String.raw`%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC}`,
  IPV4OCTET: String.raw`25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]`,
  IPV4: String.raw`\b%{IPV4OCTET}(?:\.%{IPV4OCTET}){3}\b`,
  IPV6: String.raw`(?:(?:[0-9A-Fa-f]+:){6}(?:[0-9A-Fa-f]+:[0-9A-Fa-f]+|%{IPV4})|(?:(?:[0-9A-Fa-f]+:){1,7}|:):(?:[0-9A-Fa-f]+(?::[0-9A-Fa-f]+){0,6}(?:(?:\.[0-9]{1,3}){3})?)?)(?:%[0-9A-Za-z]+)?`,
  IP: String.raw`%{IPV4}|%{IPV6}`,
  CIDR: String.raw`%{IP}/[0-9]{1,3}`,
  HOSTNAME: String.raw`[0-9A-Za-z_][0-9A-Za-z_-]*(?:\.[0-9A-Za-z_-]+)*\.?`,
  HOST: String.raw`%{HOSTNAME}`,
  IPORHOST: String.raw`%{IP}|%{HOSTNAME}`,
  PORT: String.raw`[0-9]{1,5}`,
  HOSTPORT: String.raw`%{IPORHOST}:%{PORT}`,
  EMAILADDRESS: String.raw`%{EMAILLOCALPART}@%{HOSTNAME}`,

  // Files
  UNIXPATH: String.raw`(?:/[A-Za-z0-9_%!$@:.,+~-]*)+`,
  WINPATH: String.raw`(?:[A-Za-z]:|\\)(?:\\[^\\?*:|"<>\s]*)+`,
  PATH: String.raw`%{UNIXPATH}|%{WINPATH}`,
  TTY: String.raw`/dev/(?:pts/[0-9]+|tty[0-9A-Za-z]*)`,

  // URIs
  URIPROTO: String.raw`[A-Za-z][A-Za-z0-9+.-]+`,
  URIHOST: String.raw`%{IPORHOST}(?::%{PORT})?`,
  URIPATH: String.raw`(?:/[A-Za-z0-9$.+!*'(){},~:;=@#%&_-]*)+`,
  URIQUERY: String.raw`[A-Za-z0-9$.+!*'|(){},~@#%&/=:;_?<>\[\]-]*`,
  URIPARAM: String.raw`\?%{URIQUERY}`,
  URIPATHPARAM: String.raw`%{URIPATH}(?:%{URIPARAM})?`,
  URI: String.raw`%{URIPROTO}://(?:[^\s/?#@]*@)?(?:\[[0-9A-Fa-f:.%]+\]|[^\s/?#:@\[\]]*)(?::%{PORT})?(?:%{URIPATHPARAM})?`,

  // Dates and times
  MONTH: String.raw`(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b`,
  MONTHNUM: String.raw`1[0-2]|0?[1-9]`,
  MONTHNUM2: String.raw`0[1-9]|1[0-2]`,
  MONTHDAY: String.raw`3[01]|[12][0-9]|[ 0]?[1-9]`,
  DAY: String.raw`(?i:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)\b`,
  YEAR: String.raw`[0-9]{4}|[0-9]{2}`,
  HOUR: String.raw`2[0-3]|[01]?[0-9]`,
  MINUTE: String.raw`[0-5][0-9]`,
  SECOND: String.raw`(?:60|[0-5]?[0-9])(?:[.,:][0-9]+)?`,
  TIME: String.raw`%{HOUR}:%{MINUTE}(?::%{SECOND})?`,
  DATE_US: String.raw`(?:%{MONTHNUM})[/-](?:%{MONTHDAY})[/-](?:%{YEAR})`,
  DATE_EU: String.raw`(?:%{MONTHDAY})[./-](?:%{MONTHNUM})[./-](?:%{YEAR})`,
  DATE: String.raw`%{DATE_US}|%{DATE_EU}`,
  DATESTAMP: String.raw`%{DATE}[- ]%{TIME}`,
  TZ: String.raw`[A-Z]{3,4}`,
  ISO8601_TIMEZONE: String.raw`Z|[+-]%{HOUR}(?::?%{MINUTE})?`,
  TIMESTAMP_ISO8601: String.raw`[0-9]{4}-(?:%{MONTHNUM})-(?:%{MONTHDAY})[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?[ ]?(?:%{ISO8601_TIMEZONE})?`,
  DATESTAMP_RFC822: String.raw`%{DAY}[ ]%{MONTH}[ ]%{MONTHDAY}[ ]%{YEAR}[ ]%{TIME}[ ]%{TZ}`,
  DATESTAMP_RFC2822: String.raw`%{DAY},[ ]%{MONTHDAY}[ ]%{MONTH}[ ]%{YEAR}[ ]%{TIME}[ ]%{ISO8601_TIMEZONE}`,
  DATESTAMP_OTHER: String.raw`%{DAY}[ ]%{MONTH}[ ]+%{MONTHDAY}[ ]%{TIME}[ ]%{TZ}[ ]%{YEAR}`,
  DATESTAMP_EVENTLOG: String.raw`[0-9]{4}%{MONTHNUM2}(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])%{MINUTE}[0-5][0-9]`,
  HTTPDATE: String.raw`%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME}[ ][+-][0-9]{4}`,
  HTTPDERROR_DATE: String.raw`%{DAY}[ ]%{MONTH}[ ]%{MONTHDAY}[ ]%{TIME}[ ]%{YEAR}`,
  SYSLOGTIMESTAMP: String.raw`%{MONTH}[ ]+%{MONTHDAY}[ ]%{TIME}`,
  CISCOTIMESTAMP: String.raw`%{MONTH}[ ]+%{MONTHDAY}(?:[ ]%{YEAR})?[ ]%{TIME}`,
  UNIXEPOCH: String.raw`[0-9]{9,10}(?:\.[0-9]+)?`,

  // Syslog
  PROG: String.raw`[\x21-\x5a\x5c\x5e-\x7e]+`,
  SYSLOGPROG: String.raw`%{PROG:program}(?:\[%{POSINT:pid}\])?`,
  SYSLOGHOST: String.raw`%{IPORHOST}`,
  SYSLOGFACILITY: String.raw`<%{NONNEGINT:facility}\.%{NONNEGINT:priority}>`,
  SYSLOGBASE: String.raw`%{SYSLOGTIMESTAMP:timestamp}[ ](?:%{SYSLOGFACILITY}[ ])?%{SYSLOGHOST:logsource}[ ]%{SYSLOGPROG}:`,
  SYSLOGLINE: String.raw`%{SYSLOGBASE}[ ]%{GREEDYDATA:message}`,
  SYSLOG5424PRI: String.raw`<%{NONNEGINT:syslog5424_pri}>`,
  SYSLOG5424SD: String.raw`\[[^\]"]*(?:"(?:[^"\\]|\\.)*"[^\]"]*)*\]`,
  CRON_ACTION: String.raw`[A-Z ]+`,

  // Programs
  HTTPDUSER: String.raw`%{EMAILADDRESS}|%{USER}`,
  HTTPD_COMMONLOG: String.raw`%{IPORHOST:clientip}[ ]%{NOTSPACE:ident}[ ]%{NOTSPACE:auth}[ ]\[%{HTTPDATE:timestamp}\][ ]"(?:%{WORD:verb}[ ](?P<request>[^\s"]+)(?:[ ]HTTP/%{NUMBER:httpversion})?|(?P<rawrequest>[^"]*))"[ ](?:%{NONNEGINT:response}|-)[ ](?:%{NONNEGINT:bytes}|-)`,
  COMMONAPACHELOG: String.raw`%{HTTPD_COMMONLOG}`,
  HTTPD_COMBINEDLOG: String.raw`%{HTTPD_COMMONLOG}[ ]%{QS:referrer}[ ]%{QS:agent}`,
  COMBINEDAPACHELOG: String.raw`%{HTTPD_COMBINEDLOG}`,
  JAVACLASS: String.raw`[A-Za-z$_][A-Za-z$_0-9]*(?:\.[A-Za-z$_][A-Za-z$_0-9]*)*`,
  JAVAFILE: String.raw`[A-Za-z0-9_.-]+`,
  JAVAMETHOD: String.raw`<init>|[A-Za-z$_][A-Za-z$_0-9]*`,
  CISCOTAG: String.raw`[A-Z0-9]+-[0-9]+-(?:[A-Z0-9_]+)`,
  CISCO_DIRECTION: String.raw`(?i:inbound|outbound)`,
  CISCO_ACTION: String.raw`Built|Teardown|Deny|Denied|denied|requested|permitted|denied by ACL|discarded|est-allowed|Dropping|created|deleted`,
}
