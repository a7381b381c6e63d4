/** Where the state of a page is kept between visits: the fragment of its address, without "#". */
export interface Address {
  read(): string;
  write(fragment: string): void;
  /** Called when the reader changes it by hand; returns the way to stop. */
  subscribe(listener: () => void): () => void;
}
