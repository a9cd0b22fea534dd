import { fileURLToPath } from 'node:url'
import { runCommand } from './process/commands.ts'

// In a bundle this file's own URL is the bundle's: the supervisor starts the same file again for each channel.
process.exitCode = await runCommand(process.argv.slice(2), fileURLToPath(import.meta.url))
