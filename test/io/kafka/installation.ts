/**
 * An Apache Kafka for the tests: jars from Maven, kept for later runs in `$SLUICE_KAFKA_CACHE`, by default `~/.cache/sluice-tests`.
 *
 *     node --import tsx test/io/kafka/installation.ts      fetches it now: 55 MB, about half a minute
 *
 * Beside the jars it keeps two things that save a second of each start and more: a formatted directory for a broker's data, and
 * an archive of the broker's classes as the virtual machine has them in memory (class-data sharing).
 *
 * Where the processor time of the tests goes, measured: a start of a broker takes 3 s of it, one of a tool 1.3 s, and a broker without work 0.03 s a
 * second, twice as much with the broker's own intervals.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createConnection } from 'node:net'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { freePort } from '../../tracer/loopback.ts'

export const KAFKA_VERSION = '4.4.0'

const CACHE =
  process.env.SLUICE_KAFKA_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice-tests')
const FOLDER = join(CACHE, `kafka-${KAFKA_VERSION}`)
const JARS = join(FOLDER, 'lib')
const FORMATTED = join(FOLDER, 'formatted')
const CLASSES = join(FOLDER, 'broker.jsa')
const LOG_SETTINGS = join(FOLDER, 'log4j2.xml')

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice</groupId><artifactId>kafka-of-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version></dependency>
  </dependencies>
</project>
`

const LOG_XML = `<Configuration><Appenders><Console name="out" target="SYSTEM_ERR">
<PatternLayout pattern="%d %p %m (%c)%n%throwable"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="out"/></Root></Loggers></Configuration>
`

/** Returns why no broker can run here, or undefined when one can: the reason for which tests are skipped. */
export function whyNoKafka(): string | undefined {
  if (process.platform === 'win32') return 'the broker of the tests is driven by signals of POSIX'
  if (process.env.SLUICE_KAFKA === 'off') return 'SLUICE_KAFKA=off'
  if (!hasCommand('java')) return 'no java: a broker needs Java 17 or newer'
  if (!existsSync(JARS) && !hasCommand('mvn')) return 'no mvn: Maven fetches the jars of Apache Kafka'
  return undefined
}

/** Options of one virtual machine. */
export interface JavaOptions {
  /** Descriptor that its output goes to, `pipe`, or `ignore`. */
  readonly stdout: number | 'pipe' | 'ignore'
  readonly stderr: number | 'ignore'
  /** Default: it reads nothing. */
  readonly stdin?: 'pipe'
  /** Bound of its heap in MB. */
  readonly heapMb: number
  /** It works for long and is measured: compiled as well as can be. Default: a short life. */
  readonly isLong?: boolean
  /** More options of the virtual machine. */
  readonly options?: readonly string[]
}

/** Starts a main class of Kafka. The process does not keep this one alive. */
export function startJava(argv: readonly string[], options: JavaOptions): ChildProcess {
  const child = spawn(
    'java',
    [
      ...['-cp', join(JARS, '*'), `-Dlog4j2.configurationFile=${pathToFileURL(LOG_SETTINGS).href}`],
      // In a short life the second compiler and collectors with threads of their own cost more than they gain.
      ...(options.isLong === true ? [] : ['-XX:TieredStopAtLevel=1']),
      ...['-XX:+UseSerialGC', `-Xmx${options.heapMb}m`, '-Xshare:auto'],
      // Made of the broker's classes, many of which Kafka's tools have, too.
      ...(existsSync(CLASSES) ? [`-XX:SharedArchiveFile=${CLASSES}`] : []),
      ...(options.options ?? []),
      ...argv,
    ],
    { stdio: [options.stdin ?? 'ignore', options.stdout, options.stderr] },
  )
  child.unref()
  return child
}

/** Starts a broker whose settings are in a file. */
export function startBroker(settings: string, log: number, isLong: boolean): ChildProcess {
  return startJava(['kafka.Kafka', settings], {
    stdout: log,
    stderr: log,
    heapMb: isLong ? 1024 : 384,
    isLong,
  })
}

/** Copies the formatted directory to where a broker is to keep its data. */
export function copyFormatted(folder: string): void {
  cpSync(FORMATTED, folder, { recursive: true })
}

/** The user of each mechanism of SASL; brokers know the password for PLAIN alone. */
export const USER = 'tests'
export const PLAIN_PASSWORD = 'plain secret'

/** A log-in by SCRAM-SHA-256 holds for so long: brokers ask for it again. In milliseconds. */
export const SCRAM_SESSION_MS = 2000

const MODULES = 'org.apache.kafka.common.security'

/** A listener with TLS and all mechanisms of SASL. Tokens are JWTs without a signature. */
function secureSettings(): Readonly<Record<string, string | number>> {
  const pem = (name: string): string =>
    readFileSync(new URL(`../../tracer/tls/${name}.pem`, import.meta.url), 'utf8')
  const key = createPrivateKey(pem('server-key')).export({ type: 'pkcs8', format: 'pem' }).toString()
  const line = (text: string): string => text.replaceAll('\n', '\\n')
  const scram = `${MODULES}.scram.ScramLoginModule required;`
  const listener = 'listener.name.sasl_ssl'
  return {
    [`${listener}.ssl.keystore.type`]: 'PEM',
    [`${listener}.ssl.keystore.certificate.chain`]: line(pem('server-cert')),
    [`${listener}.ssl.keystore.key`]: line(key),
    [`${listener}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    [`${listener}.plain.sasl.jaas.config`]: `${MODULES}.plain.PlainLoginModule required user_${USER}="${PLAIN_PASSWORD}";`,
    [`${listener}.scram-sha-256.sasl.jaas.config`]: scram,
    [`${listener}.scram-sha-512.sasl.jaas.config`]: scram,
    [`${listener}.scram-sha-256.connections.max.reauth.ms`]: SCRAM_SESSION_MS,
    [`${listener}.oauthbearer.sasl.jaas.config`]: `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  }
}

/** Ports of a broker: without and with authentication, and that of its controller. */
export type Ports = readonly [plain: number, secure: number, controller: number]

/** Settings of a broker that is its own controller, for loopback, with sessions as short as a test wants. */
export function brokerSettings([port, securePort, controllerPort]: Ports, data: string): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort}`,
    ...secureSettings(),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL',
    'log.dirs': data.replaceAll('\\', '/'),
    'num.network.threads': 2,
    'num.io.threads': 2,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    // A broker that was killed may come back when its old session is over; a busy machine needs one that is not too short.
    'broker.session.timeout.ms': 5000,
    'broker.heartbeat.interval.ms': 1500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    // A transaction whose producer is dead holds up readers until it times out, which is looked for each second.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': 1000,
    'auto.create.topics.enable': false,
    'log.cleaner.enable': false,
    'metadata.max.idle.interval.ms': 0,
    // Messages of 16 MiB, and the records of rejected ones, which are longer.
    'message.max.bytes': 64 * 1024 * 1024,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/**
 * Fetches what is not there yet. Processes that do so at once get in nobody's way: each part comes into being by a rename.
 *
 * @throws Error with the output of what failed
 */
export async function installKafka(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(LOG_SETTINGS, LOG_XML)
  await made(JARS, async (lib, scratch) => {
    writeFileSync(join(scratch, 'pom.xml'), POM)
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${lib}`, '-DincludeScope=runtime']
    await run(spawn('mvn', ['-q', '-B', '-f', join(scratch, 'pom.xml'), ...goal], { stdio: 'pipe' }))
  })
  await made(FORMATTED, async (data, scratch) => {
    const settings = join(scratch, 'server.properties')
    writeFileSync(settings, brokerSettings([9092, 9094, 9093], data))
    const argv = ['kafka.tools.StorageTool', 'format', '-t', 'c2x1aWNlLXRlc3RzLTEuMA', '-c', settings]
    await run(startJava(argv, { stdout: 'pipe', stderr: 'ignore', heapMb: 128 }))
  })
  await made(CLASSES, async (archive, scratch) => {
    const ports = await freePorts()
    const settings = join(scratch, 'server.properties')
    const data = join(scratch, 'data')
    copyFormatted(data)
    writeFileSync(settings, brokerSettings(ports, data))
    const log = openSync(join(scratch, 'log'), 'w')
    const options = [`-XX:ArchiveClassesAtExit=${archive}`]
    const broker = startJava(['kafka.Kafka', settings], { stdout: log, stderr: log, heapMb: 384, options })
    broker.ref()
    const ended = new Promise((resolve) => broker.on('exit', resolve))
    await answers(ports[0], () => broker.exitCode === null)
    broker.kill('SIGTERM')
    await ended
  })
}

/** Ports that were free a moment ago. */
export async function freePorts(): Promise<Ports> {
  return [await freePort(), await freePort(), await freePort()]
}

/**
 * Waits until something accepts connections on a port of loopback.
 *
 * @param isAlive whether it may still come
 * @throws Error when it may not
 */
export async function answers(port: number, isAlive: () => boolean): Promise<void> {
  for (;;) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (isOpen) return
    if (!isAlive()) throw new Error('the broker has ended')
    await sleep(50)
  }
}

async function made(target: string, make: (target: string, scratch: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return
  const scratch = mkdtempSync(join(FOLDER, 'new-'))
  try {
    const result = join(scratch, 'result')
    await make(result, scratch)
    // Another process may have been faster.
    if (!existsSync(target)) renameSync(result, target)
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

async function run(child: ChildProcess): Promise<void> {
  child.ref()
  let output = ''
  child.stdout?.on('data', (text) => {
    output += text
  })
  child.stderr?.on('data', (text) => {
    output += text
  })
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0)
    throw new Error(`${child.spawnargs.slice(0, 3).join(' ')} ... ended with ${code}:\n${output}`)
}

function hasCommand(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const why = whyNoKafka()
  if (why === undefined) await installKafka()
  else console.error(`no Kafka for the tests: ${why}`)
}
