import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin, type ProxyOptions } from 'vite'

const PLATFORM = 'http://127.0.0.1:8080'

/** `/log/...` is both a page and the log's static resources: a browser that asks for a page gets the page. */
const log: ProxyOptions = {
  target: PLATFORM,
  bypass: (request) => (request.headers.accept?.includes('text/html') ? '/index.html' : undefined),
}

const NOTHING = '\0nothing'
/** sm-crypto-v2 asks for Node's crypto where the browser has none of its own: every browser has. */
const noNodeCrypto: Plugin = {
  name: 'no-node-crypto',
  enforce: 'pre',
  resolveId: (id) => (id === 'crypto' ? NOTHING : undefined),
  load: (id) => (id === NOTHING ? 'export const webcrypto = undefined' : undefined),
}

export default defineConfig(({ command }) => {
  // A build that a test or a developer's shell starts must be the same: libraries behave otherwise when they are told "test".
  if (command === 'build') process.env.NODE_ENV = 'production'
  return {
    root: import.meta.dirname,
    plugins: [noNodeCrypto, react()],
    server: { proxy: { '/api': PLATFORM, '/log': log } },
    build: {
      outDir: '../../dist/web',
      emptyOutDir: true,
      target: 'es2022',
      // The chart library is one chunk of 580 kB that only pages with charts load.
      chunkSizeWarningLimit: 600,
      // Our own packages have no effects on import, so a page carries only what it names (no schemas for a list of grades).
      rolldownOptions: {
        // SM2's library asks Node for randomness where no browser offers it: there is none such, and no page to warn of.
        external: ['crypto'],
        treeshake: { moduleSideEffects: (id) => !/\/packages\/[^/]+\/(src|web)\//.test(id) },
      },
    },
  }
})
