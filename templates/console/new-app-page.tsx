import { Form } from '../form.tsx'
import { AppFields } from './app-fields.tsx'
import { type ConsoleFrame, ConsoleLayout } from './console-layout.tsx'

/** Adds an app. */
export function NewAppPage({
  frame,
  values,
}: {
  frame: ConsoleFrame
  values: Readonly<Record<string, string>>
}) {
  return (
    <ConsoleLayout frame={frame} section="apps" title="Add an app">
      <p class="lede">Say who may reach it. Everybody else is refused as soon as you add it.</p>
      <Form action="/console/apps" token={frame.token} class="slot">
        <AppFields values={values} />
        <button type="submit" class="button main">
          Add the app
        </button>
      </Form>
      <p class="leave">
        <a href="/console/apps">Back to the apps</a>
      </p>
    </ConsoleLayout>
  )
}
