import { type Job, playJob } from './jobs.ts'

// Plays what it is sent, one after the other; ends when its parent has no more, or is gone.
process.on('message', (job) => {
  process.send!(playJob(job as Job))
})
process.on('disconnect', () => process.exit(0))
