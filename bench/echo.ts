// A bare MQTT broker as a process of its own, for the echo that latencies are compared with. Prints its port.
import { createServer, type Socket } from 'node:net'
import { Aedes } from 'aedes'

const broker = await Aedes.createBroker()
const server = createServer({ noDelay: true }, (socket: Socket) => broker.handle(socket))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`)
})
// The benchmark's end of this pipe closes when it ends, however it ends.
process.stdin.on('end', () => process.exit(0)).resume()
