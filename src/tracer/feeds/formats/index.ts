import { DNS_LIST } from './dns-list.ts'
import { HOSTS_FILE } from './hosts-file.ts'
import type { LineFormat } from './line-format.ts'
import { RPZ } from './rpz.ts'
import { DATAPLANE, DSHIELD, SURICATA_DATASET, SURICATA_IPREP, WAZUH_CDB } from './sensor-lists.ts'
import { TEXT_LIST } from './text-list.ts'
import { ZEEK_INTEL } from './zeek-intel.ts'

/** The formats of one record a line, in the order in which they are tried: a list is what is nothing else. */
export const LINE_FORMATS: readonly LineFormat[] = [
  ZEEK_INTEL,
  RPZ,
  HOSTS_FILE,
  DSHIELD,
  DATAPLANE,
  SURICATA_IPREP,
  DNS_LIST,
  SURICATA_DATASET,
  WAZUH_CDB,
  TEXT_LIST,
]
