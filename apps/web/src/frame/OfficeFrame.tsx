import { ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { NavLink, Outlet, useLocation, useNavigationType } from 'react-router'
import { useRead } from '../api/queries.ts'
import { AlarmCount, SoundSwitch } from '../parts/AlarmSigns.tsx'
import { FreshnessDot, StaleNotice } from '../parts/Freshness.tsx'
import { ImportProgress } from '../parts/ImportProgress.tsx'
import { useSettings, useWords } from '../settings.tsx'
import { applyTheme, THEMES } from '../theme/tokens.ts'
import { MENU } from './menu.ts'
import './frame.css'

/** Our tokens as the component library wants them. */
function libraryTheme(large: boolean): NonNullable<Parameters<typeof ConfigProvider>[0]['theme']> {
  const t = THEMES.office
  return {
    token: {
      colorPrimary: t.ink,
      colorLink: t.link,
      colorText: t.ink,
      colorTextSecondary: t.inkSoft,
      colorTextTertiary: t.inkFaint,
      colorTextPlaceholder: t.inkFaint,
      colorBorder: t.line,
      colorBgContainer: t.surface,
      colorBgElevated: t.surface,
      colorError: t.urgent,
      colorWarning: t.attention,
      colorSuccess: t.ok,
      fontFamily: 'var(--font)',
      fontSize: large ? 19 : 14,
      controlHeight: large ? 48 : 32,
      borderRadius: 4,
      motion: !large,
    },
  }
}

function TopBar(): ReactNode {
  const words = useWords()
  const { language, large, setLanguage, setLarge } = useSettings()
  const county = useRead('county', {}, {}, { refreshMs: false }).data
  return (
    <header className="office-top">
      <span className="office-county">
        {words.cockpitTitle(county ? county[language] : words.defaultCounty, county?.demo ?? false)}
      </span>
      <FreshnessDot />
      <SoundSwitch className="office-switch" />
      <button
        type="button"
        className="office-switch"
        title={words.largeHint}
        aria-pressed={large}
        onClick={() => setLarge(!large)}
      >
        {words.large}
      </button>
      <button
        type="button"
        className="office-switch"
        title={words.languageHint}
        onClick={() => setLanguage(language === 'zh' ? 'en' : 'zh')}
      >
        {words.language}
      </button>
    </header>
  )
}

/** The menu by task. On a phone it is a row wider than the window: where one is must not be out of sight. */
function Menu(): ReactNode {
  const words = useWords()
  const menu = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page means another active item
  useEffect(() => {
    menu.current?.querySelector('.active')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname])
  return (
    <nav className="office-menu" aria-label={words.menu.label} ref={menu}>
      <NavLink to="/" className="office-brand">
        {words.product}
      </NavLink>
      {MENU.map((item) => (
        <NavLink key={item.key} to={item.to} end={item.to === '/'}>
          {words.menu[item.key]}
          {item.key === 'alarms' ? <AlarmCount /> : null}
        </NavLink>
      ))}
    </nav>
  )
}

/** The page itself. A new one begins at its top, and the keyboard goes on inside it; going back, the browser finds its place again. */
function Page(): ReactNode {
  const page = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const came = useNavigationType()
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another page counts, not another choice on it
  useEffect(() => {
    if (came === 'POP') return
    scrollTo(0, 0)
    page.current?.focus({ preventScroll: true })
  }, [pathname])
  return (
    <main className="office-main" ref={page} tabIndex={-1}>
      <Outlet />
    </main>
  )
}

/** Frame of every page but the cockpit: menu by task at the left, county and switches above. */
export function OfficeFrame(): ReactNode {
  const { language, large } = useSettings()
  useEffect(() => applyTheme('office'), [])
  const theme = useMemo(() => libraryTheme(large), [large])
  return (
    <ConfigProvider theme={theme} locale={language === 'zh' ? zhCN : enUS}>
      <div className="office">
        <Menu />
        <div className="office-body">
          <TopBar />
          <StaleNotice />
          <ImportProgress />
          <Page />
        </div>
      </div>
    </ConfigProvider>
  )
}
