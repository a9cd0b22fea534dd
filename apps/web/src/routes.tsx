import { createBrowserRouter } from 'react-router'
import { BrokenPage } from './pages/BrokenPage.tsx'
import { OpeningPage } from './pages/OpeningPage.tsx'

/** All pages. Each is loaded when it is first opened; the cockpit brings neither tables nor chart library. */
export const router = createBrowserRouter([
  {
    path: '/',
    ErrorBoundary: BrokenPage,
    HydrateFallback: OpeningPage,
    lazy: async () => ({ Component: (await import('./pages/CockpitPage.tsx')).CockpitPage }),
  },
  {
    ErrorBoundary: BrokenPage,
    HydrateFallback: OpeningPage,
    lazy: async () => ({ Component: (await import('./frame/OfficeFrame.tsx')).OfficeFrame }),
    children: [
      {
        path: '/sites',
        lazy: async () => ({ Component: (await import('./pages/SitesPage.tsx')).SitesPage }),
      },
      {
        path: '/sites/:site',
        lazy: async () => ({ Component: (await import('./pages/SitePage.tsx')).SitePage }),
      },
      {
        path: '/sites/:site/witnesses',
        lazy: async () => ({ Component: (await import('./pages/WitnessPage.tsx')).WitnessPage }),
      },
      {
        path: '/alarms',
        lazy: async () => ({ Component: (await import('./pages/AlarmsPage.tsx')).AlarmsPage }),
      },
      {
        path: '/alarms/:alarm',
        lazy: async () => ({ Component: (await import('./pages/AlarmPage.tsx')).AlarmPage }),
      },
      {
        path: '/rules',
        lazy: async () => ({ Component: (await import('./pages/RulesPage.tsx')).RulesPage }),
      },
      {
        path: '/statistics',
        lazy: async () => ({ Component: (await import('./pages/StatisticsPage.tsx')).StatisticsPage }),
      },
      {
        path: '/devices',
        lazy: async () => ({ Component: (await import('./pages/DevicesPage.tsx')).DevicesPage }),
      },
      { path: '/log', lazy: async () => ({ Component: (await import('./pages/LogPage.tsx')).LogPage }) },
      {
        path: '/log/:position',
        lazy: async () => ({ Component: (await import('./pages/EntryPage.tsx')).EntryPage }),
      },
      {
        path: '/windows',
        lazy: async () => ({ Component: (await import('./pages/WindowsPage.tsx')).WindowsPage }),
      },
      {
        path: '/sharing',
        lazy: async () => ({ Component: (await import('./pages/SharePage.tsx')).SharePage }),
      },
      {
        path: '*',
        lazy: async () => ({ Component: (await import('./pages/NotFoundPage.tsx')).NotFoundPage }),
      },
    ],
  },
])
