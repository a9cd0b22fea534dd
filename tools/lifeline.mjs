// Loaded ahead of a program that must not outlive the one that started it.
import { endWithParent } from './children.mjs'

endWithParent()
