/** The console's signs: lines on a grid of 16, in the colour of the text. */

const PATHS = {
  add: "M8 3v10M3 8h10",
  archive: "M2.5 3h11v3h-11zM3.5 6v7h9V6M6.5 9h3",
  audio:
    "M6 12V3.5l6.5-1.2v8.4M6 12a1.8 1.8 0 1 1-3.6 0A1.8 1.8 0 0 1 6 12ZM12.5 10.7a1.8 1.8 0 1 1-3.6 0 1.8 1.8 0 0 1 3.6 0Z",
  check: "m3 8.5 3.2 3.2L13 4.5",
  chevron: "m6 3 5 5-5 5",
  close: "m4 4 8 8M12 4l-8 8",
  code: "m5.5 4.5-3.5 3.5 3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  dark: "M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6Z",
  down: "m3 6 5 5 5-5",
  download: "M8 2.5v8m-3.3-3L8 10.8l3.3-3.3M3 13.5h10",
  edit: "m10.5 3 2.5 2.5L6 12.5l-3 .5.5-3z",
  file: "M4 1.8h5l3.2 3.2v9.2H4zM9 1.8V5h3.2",
  filter: "M2 4h12M4.5 8h7M6.8 12h2.4",
  folder: "M1.8 3.5h4.4l1.5 1.8h6.5v7.7H1.8z",
  health: "M1.5 8.5h3l2-5 3 9 2-4h3",
  image: "M2 2.8h12v10.4H2zM2.5 11.5l3.3-3.3 2.5 2.3 2.2-2.2 3 3M6 6a.7.7 0 1 1-1.4 0A.7.7 0 0 1 6 6Z",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.3v3.5M8 5v.1",
  key: "M9.8 9.2a3.6 3.6 0 1 0-3-3L2 11v3h3v-2h1.8v-1.8zM11 5v.1",
  light:
    "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.2v1.3M8 13.5v1.3M1.2 8h1.3M13.5 8h1.3M3.2 3.2l.9.9M11.9 11.9l.9.9M3.2 12.8l.9-.9M11.9 4.1l.9-.9",
  link: "M6.5 9.5a2.7 2.7 0 0 0 4 .2l2-2a2.7 2.7 0 0 0-3.9-3.9l-1 1M9.5 6.5a2.7 2.7 0 0 0-4-.2l-2 2a2.7 2.7 0 0 0 3.9 3.9l1-1",
  menu: "M2.5 4h11M2.5 8h11M2.5 12h11",
  more: "M3.5 8v.01M8 8v.01M12.5 8v.01",
  move: "M1.8 3.5h4.4l1.5 1.8h6.5v7.7H1.8zM6 9.2h4.5M8.8 7.4l1.9 1.8-1.9 1.8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  pdf: "M4 1.8h5l3.2 3.2v9.2H4zM9 1.8V5h3.2M6 8h4M6 10.5h4",
  play: "M5 3.2 12.5 8 5 12.8z",
  reload: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4 14 14",
  settings:
    "M2 4.5h6.5M12 4.5h2M2 11.5h2M7.5 11.5H14M10.3 6.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6ZM5.7 13.3a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6Z",
  share: "M8 10V2.3M5 5l3-3 3 3M3.5 8v5.7h9V8",
  signOut: "M6.5 2.5h-4v11h4M6 8h8m-3-3 3 3-3 3",
  tag: "M2.2 2.2h5.3l6.3 6.3-5.3 5.3-6.3-6.3zM5 5v.01",
  text: "M3 4h10M3 8h10M3 12h6",
  trash: "M2.5 4h11M6 4V2.3h4V4M4 4l.6 9.7h6.8L12 4M6.7 6.8v4M9.3 6.8v4",
  upload: "M8 11V2.8M4.7 6 8 2.7 11.3 6M3 13.5h10",
  vault: "M2 2.5h12v10.5H2zM8 10.3a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5ZM4 13v1.5M12 13v1.5M8 5.3v1.2M8 9v1.3",
  video: "M2 3.5h12v9H2zM6.7 6v4l3.2-2z",
  warn: "M8 2 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.01",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign. It says nothing to screen readers: what it stands beside, or the button that it is in, has words. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
