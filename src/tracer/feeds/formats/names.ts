/**
 * The names of the formats of feeds, for `--format`: structured files, then those of one record a line. A test holds them
 * to `LINE_FORMATS`.
 */
export const FORMAT_NAMES: readonly string[] = [
  ...['csv', 'json', 'stix', 'openioc'],
  ...[
    'zeek-intel',
    'rpz',
    'hosts',
    'dshield',
    'dataplane',
    'suricata-iprep',
    'adblock',
    'suricata-dataset',
    'wazuh-cdb',
  ],
  'list',
]
