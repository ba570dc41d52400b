/** Characters that no name may have. */

// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether text holds control characters (C0, DEL, C1), which nobody can see and no header can carry. */
export const hasControl = (text: string): boolean => CONTROL.test(text);
