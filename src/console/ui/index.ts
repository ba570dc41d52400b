/** What pages are made of. */

export { useAttempt } from "./attempt.ts";
export { Button, type ButtonProps } from "./button.tsx";
export { confirm, type Question } from "./confirm.ts";
export { Copy } from "./copy.tsx";
export { Dialog, type DialogProps } from "./dialog.tsx";
export { Field, type FieldControl, type FieldProps, TextField } from "./field.tsx";
export { FormDialog } from "./form-dialog.tsx";
export { ago, bytes, count, day, moment, number, visible } from "./format.ts";
export { Icon, type IconName } from "./icon.tsx";
export { Menu, type MenuItem } from "./menu.tsx";
export { placeBeside } from "./place.ts";
export { Empty, Failure, Progress, wordsOf } from "./states.tsx";
export { toast, type ToastOptions, Toasts } from "./toast.tsx";
