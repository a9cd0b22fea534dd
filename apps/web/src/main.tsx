import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { RouterProvider } from 'react-router/dom'
import { awaitGesture } from './alarms/sound.ts'
import { queryClient } from './api/queries.ts'
import { openStream } from './api/stream.ts'
import { router } from './routes.tsx'
import { SettingsProvider } from './settings.tsx'
import './theme/base.css'
import { applyTheme } from './theme/tokens.ts'

applyTheme(location.pathname === '/' ? 'wall' : 'office')
openStream(queryClient)
awaitGesture()

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <SettingsProvider>
        <RouterProvider router={router} />
      </SettingsProvider>
    </QueryClientProvider>
  </StrictMode>,
)
