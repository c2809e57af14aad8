/* The fields of forms: each with its label, and with a hint where one helps. */

type FieldProps = { name: string; label: string; hint?: string; id?: string }

/** A labelled line of text; `type` may be any that holds text or a date. */
export function Field(
  props: FieldProps & {
    type?: 'text' | 'search' | 'email' | 'number' | 'date'
    value?: string | undefined
    required?: boolean
    maxlength?: number
    min?: string
    placeholder?: string
    autocomplete?: string
    list?: string
  },
) {
  const { name, label, hint, id = `f-${name}`, type = 'text', value, ...others } = props
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={type}
        value={value}
        aria-describedby={hint && `${id}-hint`}
        {...others}
      />
      {hint && <Hint id={id} text={hint} />}
    </p>
  )
}

/** Several lines of text. */
export function TextField(props: FieldProps & { value?: string | undefined; rows?: number }) {
  const { name, label, hint, id = `f-${name}`, value = '', rows = 3 } = props
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <textarea id={id} name={name} rows={rows} spellcheck={false} aria-describedby={hint && `${id}-hint`}>
        {value}
      </textarea>
      {hint && <Hint id={id} text={hint} />}
    </p>
  )
}

/** One choice out of a few. */
export function Select(
  props: FieldProps & { value?: string | undefined; options: readonly { value: string; label: string }[] },
) {
  const { name, label, hint, id = `f-${name}`, value, options } = props
  return (
    <p class="field">
      <label for={id}>{label}</label>
      <select id={id} name={name} aria-describedby={hint && `${id}-hint`}>
        {options.map((option) => (
          <option value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      {hint && <Hint id={id} text={hint} />}
    </p>
  )
}

/** None, one or several out of a few. */
export function Checkboxes(props: {
  name: string
  legend: string
  hint?: string
  options: readonly { value: string; label: string; isOn?: boolean }[]
}) {
  const { name, legend, hint, options } = props
  return (
    <fieldset class="field">
      <legend>{legend}</legend>
      {hint && <span class="hint">{hint}</span>}
      {options.map(({ value, label, isOn }) => (
        <label class="check">
          <input type="checkbox" name={name} value={value} checked={isOn} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}

function Hint({ id, text }: { id: string; text: string }) {
  return (
    <span class="hint" id={`${id}-hint`}>
      {text}
    </span>
  )
}
